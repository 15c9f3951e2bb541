import type { ComponentChildren } from "preact";
import judgeCode from "../labs/digits/judge.ts?raw";
import type { LabModel } from "../labs/digits/lab-model.js";
import lookCode from "../labs/digits/look-inside.ts?raw";
import networkCode from "../labs/digits/network.ts?raw";
import prepareCode from "../labs/digits/prepare-drawing.ts?raw";
import { defaultSetting, namedNetworks, type DigitsSetting } from "../labs/digits/setting.js";
import trainCode from "../labs/digits/train.ts?raw";
import { CodeBlock } from "../ui/code-block.js";
import { Button } from "../ui/controls.js";
import "./course.css";
import { Lesson } from "./lesson.js";

const settingOf = (name: keyof typeof namedNetworks, change: Partial<DigitsSetting["network"]> = {}): DigitsSetting => ({
  ...defaultSetting,
  network: { ...(namedNetworks[name] ?? defaultSetting.network), ...change },
});
const softmax = settingOf("softmax-regression");
const mlp = settingOf("mlp");
const large = settingOf("mlp", { hidden: [256, 256] });
const dropped = settingOf("mlp", { hidden: [256, 256], dropout: 0.5 });
const lenet = settingOf("lenet");

/** The text beside the lab, in the order of a course. */
export function DigitsCourse({ model }: { readonly model: LabModel }) {
  const Try = ({ setting, children }: { readonly setting: DigitsSetting; readonly children: ComponentChildren }) => (
    <Button small disabled={model.opened.value === undefined} onClick={() => model.tryOut(setting)}>{children}</Button>
  );
  return (
    <div class="course">
      <Lesson title="1. From pixels to a decision">
        <p>
          To a computer, a written seven is 784 numbers: the brightness of 28 × 28 pixels. The simplest network gives each of them a weight for each digit and adds up. That is softmax
          regression: ten sums, and the largest wins. Softmax turns the sums into probabilities, which are positive and add up to 100 %.
        </p>
        <p>
          Its weights can be looked at as ten pictures, in which orange pixels speak for a digit and blue ones against it. They look like blurred averages, because one picture has to do
          for every way of writing a digit. Move your seven a little to the left, and the picture no longer fits.
        </p>
        <div class="row"><Try setting={softmax}>Train softmax regression</Try></div>
      </Lesson>
      <Lesson title="2. Layers in between">
        <p>
          A multi-layer perceptron (MLP) puts hidden layers between pixels and answer. Each hidden neuron has a picture of weights of its own, adds up, and passes the sum through an
          activation such as ReLU, which lets what is above zero pass. Without activations all layers together would be one weighted sum again. The next layer combines what the neurons
          found: a loop above, a stroke below, no line on the left.
        </p>
        <p>
          Write a digit and look at the hidden layers: most neurons stay dark, a few light up, and another digit lights up others. Their first-layer pictures look like noise at first, and
          then like pieces of strokes.
        </p>
        <div class="row">
          <Try setting={mlp}>Train an MLP</Try>
          <Try setting={settingOf("mlp", { activation: "sigmoid", hidden: [128, 128, 128, 128] })}>Four layers of sigmoids, which learn slowly</Try>
        </div>
        <p>This code makes all three kinds of networks of this lab:</p>
        <CodeBlock code={networkCode} label="network.ts, the networks of this lab" />
      </Lesson>
      <Lesson title="3. Learning from mistakes">
        <p>
          Training repeats one step. Take a batch of images, compute the probabilities, and measure how little was given to the right digits: that is the loss, the cross-entropy. Its
          gradient says for every weight in which direction the loss grows, and the optimizer moves all weights a little the other way. The learning rate says how far.
        </p>
        <p>
          One batch at a time shows how little a single step changes. Slow training shows filters and probabilities on their way. A learning rate that is too large makes the loss jump, or
          become no number at all; one that is too small wastes your time.
        </p>
        <div class="row">
          <Try setting={{ ...mlp, training: { ...mlp.training, optimizer: "sgd", lr: 0.5 } }}>A learning rate that is too large</Try>
          <Try setting={{ ...mlp, training: { ...mlp.training, optimizer: "sgd", lr: 1e-4 } }}>One that is too small</Try>
        </div>
        <CodeBlock code={trainCode} label="train.ts, which trains the networks" />
      </Lesson>
      <Lesson title="4. Filters, feature maps, pooling">
        <p>
          An MLP does not know which pixels are neighbours. A convolution does: a filter of 5 × 5 weights slides over the image, and where the image looks like the filter, its feature map
          lights up. The same 25 weights serve every place, so that a stroke is found wherever it is written, with far fewer weights. One filter answers to horizontal edges, another to
          strokes that lean to the right.
        </p>
        <p>
          Pooling keeps the strongest of every 2 × 2 values: the map gets smaller, and it matters less where exactly something was. The second convolution looks at all maps of the first
          and finds corners, ends and bows. The hidden layers at the end decide. This is LeNet-5, with which banks have read cheques.
        </p>
        <p>
          Write a one, then a seven, and compare the maps: which filter sees the bar? The code below asks the network for every layer's output, in one program for each movement of your pen.
        </p>
        <div class="row"><Try setting={lenet}>Train LeNet-5</Try></div>
        <CodeBlock code={lookCode} label="look-inside.ts, which reads every layer" />
      </Lesson>
      <Lesson title="5. What dropout does">
        <p>
          A large network can learn its training images by heart: the training loss falls towards zero, and the loss on test images begins to rise. Dropout works against that. In each training
          step it leaves out a random share of the hidden neurons, so that none can rely on a certain other one. To read a digit, all of them take part again.
        </p>
        <p>
          Compare the two curves of the loss with and without it. With dropout the training loss stays higher, since it is measured on a network with gaps; the test loss has none. Where the
          two curves stay close together, there is little left to win by it.
        </p>
        <div class="row">
          <Try setting={large}>A large MLP without dropout</Try>
          <Try setting={dropped}>The same with 50 %</Try>
        </div>
      </Lesson>
      <Lesson title="6. Reading a confusion matrix">
        <p>
          Accuracy is one number and does not say what goes wrong. The confusion matrix does: row 4, column 9 counts the fours that were read as nines. A good network has its counts on the
          diagonal. Two high counts across it, 4 as 9 and 9 as 4, are digits that look alike; a whole column of counts is an answer that the network gives too readily.
        </p>
        <p>
          The misread digits are sorted by how sure the network was. Some of them nobody could read. The others are worth more than the accuracy: they show what the training images lack.
        </p>
        <CodeBlock code={judgeCode} label="judge.ts, which reads the test images" />
      </Lesson>
      <Lesson title="7. From pen to pixels">
        <p>
          A network knows only images like those it was trained on. So your drawing is prepared as they were: its strokes are cropped, scaled to 20 pixels, and moved so that their centre of
          mass lies in the middle. <code>gradus predict</code> does the same to photos. Leave this out, and the best network guesses.
        </p>
        <CodeBlock code={prepareCode} label="prepare-drawing.ts, which prepares the drawing" />
      </Lesson>
      <Lesson title="8. The same on the command line">
        <p>
          The network that you have chosen, as a recipe. Save it as <code>recipe.mjs</code> and run <code>npx gradus train recipe.mjs</code>: with the machine's own code instead of
          WebAssembly it trains faster. The lab opens the run that comes of it, and the command line opens what you save here.
        </p>
        {model.opened.value && <CodeBlock code={model.opened.value.recipe} label="recipe.mjs, the network of the lab as it is now" />}
      </Lesson>
    </div>
  );
}
