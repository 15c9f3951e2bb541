// Shows every function as a function, however it is made, what a class inherits on the page of the class that has it, and
// docstrings as they are written.
import { Converter, ParameterReflection, ReflectionFlag, ReflectionKind } from "typedoc";

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const member of project.getReflectionsByKind(ReflectionKind.ClassMember)) {
      if (member.inheritedFrom) project.removeReflection(member);
    }
    for (const variable of project.getReflectionsByKind(ReflectionKind.Variable)) {
      const signatures = variable.type?.type === "reflection" ? variable.type.declaration.signatures : undefined;
      if (signatures) showAsFunction(project, variable, signatures);
    }
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
      if (parameter.name === "__namedParameters") parameter.name = "options";
    }
    // Square brackets are shapes and intervals, not Markdown's links.
    for (const { comment } of Object.values(project.reflections)) {
      for (const part of comment?.summary ?? []) if (part.kind === "text") part.text = part.text.replace(/[[\]]/g, "\\$&");
    }
  });
}

function showAsFunction(project, variable, signatures) {
  variable.kind = ReflectionKind.Function;
  variable.type = undefined;
  variable.setFlag(ReflectionFlag.Const, false);
  variable.signatures = signatures;
  for (const signature of signatures) {
    signature.parent = variable;
    signature.name = variable.name;
    signature.comment ??= variable.comment;
    const [rest] = signature.parameters ?? [];
    if (rest?.type?.type === "tuple") signature.parameters = rest.type.elements.map((element) => parameterOf(project, signature, element));
  }
}

/** The parameter that an element of a list of arguments stands for; one without a name was taken apart into options. */
function parameterOf(project, signature, element) {
  const isOptional = element.isOptional === true || element.type === "optional";
  const parameter = new ParameterReflection(element.name ?? "options", ReflectionKind.Parameter, signature);
  parameter.type = element.element ?? element.elementType ?? element;
  parameter.setFlag(ReflectionFlag.Optional, isOptional);
  project.registerReflection(parameter, undefined, undefined);
  return parameter;
}
