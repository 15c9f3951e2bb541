import type { ComponentChildren, ComponentType } from "preact";
import type { LabModel } from "../../labs/digits/lab-model.js";
import type { DigitsSetting } from "../../labs/digits/setting.js";
import { CodeBlock } from "../../ui/code-block.js";
import type { CodeFile } from "../code-files.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";

interface TextProps {
  readonly model: LabModel;
}

/** A page of the course: what is explained, and the code behind it. */
export interface Chapter {
  /** As the address names it. */
  readonly id: string;
  readonly title: string;
  readonly Text: ComponentType<TextProps>;
  readonly code: readonly CodeFile[];
}

/** Trains another network where one stands, with what computes there. */
function Try({ model, setting: proposed, children }: TextProps & { readonly setting: DigitsSetting; readonly children: ComponentChildren }) {
  const setting = { ...proposed, device: model.setting.value.device };
  const isSet = JSON.stringify(model.opened.value?.setting) === JSON.stringify(setting);
  return (
    <button type="button" class="try" aria-pressed={isSet} disabled={model.opened.value === undefined} onClick={() => model.tryOut(setting)}>
      {children}
    </button>
  );
}

function PixelsText({ model }: TextProps) {
  return (
    <>
      <p>
        To a computer, a written seven is 784 numbers: the brightness of 28 × 28 pixels. The simplest network gives each of them a weight for each digit and adds up. The largest of the ten
        sums wins. <em>Softmax</em> turns the sums into probabilities, which are positive and add up to 100 %.
      </p>
      <p class="formula">z = Wx + b, &ensp; pₖ = exp zₖ / Σ exp zⱼ</p>
      <ul>
        <li>
          <Try model={model} setting={presets.softmax}>Train softmax regression</Try>. Its weights are ten pictures, in which blue pixels speak for a digit and orange ones against
          it.
        </li>
        <li>Write a seven: each picture of evidence is the weights times your pixels, as the network gets them: shifted to mean 0 and scaled. Its sum and the digit’s bias make the score.</li>
        <li>The pictures are blurred, since one has to do for every way of writing a digit. It ends at nine of ten digits or a little more.</li>
      </ul>
    </>
  );
}

function LayersText({ model }: TextProps) {
  return (
    <>
      <p>
        A <em>multi-layer perceptron</em> (MLP) has hidden layers between pixels and answer. Each hidden neuron has a picture of weights of its own, adds up, and passes the sum through an
        activation such as ReLU, which lets through what is above 0. Without activations all layers together would be one weighted sum again.
      </p>
      <p class="formula">h = f(W₁x + b₁), &ensp; z = W₂h + b₂</p>
      <ul>
        <li>
          <Try model={model} setting={presets.mlp}>Train an MLP</Try> of 128 and 64 hidden neurons. Then write a digit: most neurons stay dark, a few light up, and another digit lights up others.
        </li>
        <li>The weights of the first layer look like noise at first, and then like pieces of strokes.</li>
        <li>
          <Try model={model} setting={presets.deepSigmoid}>Four layers of sigmoids</Try> get nowhere in the first passes of plain descent: the gradient shrinks on its way through each of them. With{" "}
          <Try model={model} setting={presets.deepRelu}>ReLU</Try> it arrives.
        </li>
      </ul>
    </>
  );
}

function TrainingText({ model }: TextProps) {
  return (
    <>
      <p>
        Training repeats one step. Take a <em>batch</em> of images, compute the probabilities, and measure how little the right digits got: that is the loss, the cross-entropy. Its gradient
        says for each weight in which direction the loss grows. The optimizer moves all weights a little the other way, and the <em>learning rate</em> says how far.
      </p>
      <p class="formula">loss = − mean of ln p(right digit)</p>
      <ul>
        <li>“One batch” shows how little one step changes, “Slowly” shows filters and probabilities on their way.</li>
        <li>
          <Try model={model} setting={presets.rateTooLarge}>A learning rate that is too large</Try>: the loss jumps, and nothing is learned.
        </li>
        <li>
          <Try model={model} setting={presets.rateTooSmall}>One that is too small</Try> wastes your time.
        </li>
        <li>
          <Try model={model} setting={presets.mlp}>Adam</Try> gives each weight a step size of its own and forgives more.
        </li>
      </ul>
    </>
  );
}

function FiltersText({ model }: TextProps) {
  return (
    <>
      <p>
        An MLP does not know which pixels are neighbours. A <em>convolution</em> does: a filter of 5 × 5 weights slides over the image, and where the image looks like the filter, its{" "}
        <em>feature map</em> lights up. The same 25 weights serve every place, so a stroke is found wherever it is written.
      </p>
      <p>
        <em>Pooling</em> keeps the strongest of 2 × 2 values: the map gets smaller, and it matters less where exactly something was. The second convolution looks at all maps of the first and
        finds corners, ends and bows. The hidden layers at the end decide.
      </p>
      <ul>
        <li>
          <Try model={model} setting={presets.lenet}>Train LeNet-5</Try>, a network of the kind with which banks have read cheques; this one has what is usual today, ReLU, max pooling and Adam. It has fewer weights than the MLP and makes fewer mistakes.
        </li>
        <li>Write a one, then a seven, and compare the maps: which filter sees the bar?</li>
        <li>
          <Try model={model} setting={presets.fewFilters}>One filter, then two</Try>: how much is possible with so little?
        </li>
      </ul>
    </>
  );
}

function DropoutText({ model }: TextProps) {
  return (
    <>
      <p>
        A large network can learn few images by heart: the training loss falls to 0, and the loss on test images stays where it is, or rises again. <em>Dropout</em> works against that. In each
        training step it leaves out a random share of the hidden neurons, so that none can rely on a certain other one. To read a digit, all of them take part.
      </p>
      <ul>
        <li>
          <Try model={model} setting={presets.byHeart}>A large MLP and 500 images</Try>: watch the two curves of the loss part.
        </li>
        <li>
          <Try model={model} setting={presets.byHeartDropped}>The same with 50 % dropout</Try>: now it cannot learn by heart so soon, and the training loss, that of networks with gaps, stays far
          above 0. Compare the test curves. The gain is small here; it is larger where networks are larger.
        </li>
        <li>
          <Try model={model} setting={presets.large}>All images, without dropout</Try>: nothing helps as much as more examples.
        </li>
      </ul>
    </>
  );
}

function ConfusionText() {
  return (
    <>
      <p>
        Accuracy is one number and does not say what goes wrong. The <em>confusion matrix</em> does: row 4, column 9 counts the fours that were read as nines. A good network has its counts on
        the diagonal.
      </p>
      <ul>
        <li>Two high counts across the diagonal, 4 as 9 and 9 as 4, are digits that look alike.</li>
        <li>A column with many counts is an answer that the network gives too readily.</li>
        <li>The share of a row that lies on the diagonal is the digit’s recall; the share of a column is the answer’s precision.</li>
        <li>
          The misread digits are sorted by how sure the network was. Some of them nobody could read. The others are worth more than the accuracy: they show what the training images lack.
          Choose one, and look at its layers.
        </li>
      </ul>
    </>
  );
}

function DrawingText() {
  return (
    <>
      <p>
        A network knows only images like those that it was trained on. So your drawing is prepared as they were: cropped, scaled to 20 pixels, and moved until its centre of mass lies in the
        middle. <code>gradus predict</code> does the same to photos.
      </p>
      <ul>
        <li>Write small into a corner: the network gets nearly the same image as from a large digit in the middle, with thicker strokes, since the pen does not shrink.</li>
        <li>Write a seven upside down, or a letter. The network must choose one of ten digits, and can be very sure of nonsense.</li>
        <li>Draw a one slowly longer, into a seven, and see where the probabilities change sides.</li>
      </ul>
    </>
  );
}

function CommandLineText({ model }: TextProps) {
  return (
    <>
      <p>
        This is the network that you have chosen, as a recipe. Save it as <code>recipe.mjs</code> and run <code>npx gradus train recipe.mjs</code>: with code for your own processor it trains
        faster than in this page. The lab opens the run that comes of <code>gradus train lenet</code>, <code>mlp</code> or <code>softmax-regression</code>, and the command line opens what you save here:
      </p>
      <CodeBlock code={"npx gradus predict runs/my-digits photo.png\nnpx gradus evaluate runs/my-digits\n"} label="Commands that open a saved network" />
      {model.opened.value && <CodeBlock code={model.opened.value.recipe} label="recipe.mjs, the network of the lab as it is now" />}
    </>
  );
}

/** The chapters of "Reading digits", in the order of the course. */
export const chapters: readonly Chapter[] = [
  { id: "pixels", title: "From pixels to a decision", Text: PixelsText, code: [codeFiles.network] },
  { id: "layers", title: "Layers in between", Text: LayersText, code: [codeFiles.network] },
  { id: "training", title: "Learning from mistakes", Text: TrainingText, code: [codeFiles.train] },
  { id: "filters", title: "Filters, feature maps, pooling", Text: FiltersText, code: [codeFiles.network, codeFiles.lookInside] },
  { id: "dropout", title: "What dropout does", Text: DropoutText, code: [codeFiles.network, codeFiles.train] },
  { id: "confusion", title: "Reading a confusion matrix", Text: ConfusionText, code: [codeFiles.judge] },
  { id: "drawing", title: "From pen to pixels", Text: DrawingText, code: [codeFiles.prepareDrawing, codeFiles.lookInside] },
  { id: "command-line", title: "On the command line", Text: CommandLineText, code: [codeFiles.network, codeFiles.train] },
];
