import { defineRecipe, nn, type Tensor } from "gradus";

/** A small convolutional network for images of any size. */
class Net extends nn.Module<Tensor, Tensor> {
  conv1;
  conv2;
  pool = new nn.MaxPool2d(2);
  head;

  constructor(channels: number, classes: number) {
    super();
    this.conv1 = new nn.Conv2d(channels, 16, 3, { padding: 1 });
    this.conv2 = new nn.Conv2d(16, 32, 3, { padding: 1 });
    this.head = new nn.Linear(32, classes);
  }

  /** Images [B, channels, height, width] to logits [B, classes]. */
  override forward(images: Tensor): Tensor {
    const x = this.pool.forward(this.conv1.forward(images).relu());
    return this.head.forward(this.conv2.forward(x).relu().mean([2, 3]));
  }
}

export const recipe = defineRecipe({
  summary: "a small convolutional network",
  model: ({ channels = 1, classes }) => new Net(channels, classes),
  data: "digits",
  epochs: 4,
  batchSize: 64,
  optimizer: "adam",
  lr: 0.01,
  schedule: "one-cycle",
});
