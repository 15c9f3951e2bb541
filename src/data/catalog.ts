import type { CsvOptions } from "./csv.js";

/** A file that its authors publish. */
export interface DataFile {
  readonly name: string;
  readonly bytes: number;
  /** Of the file as published. */
  readonly sha256: string;
  /** Addresses of these very bytes, the first one preferred; or the archive that holds the file. */
  readonly from: readonly string[] | Archive;
}

/** A gzip-compressed tar archive, unpacked after download. */
export interface Archive {
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

interface Entry {
  /** What it is, in one line. */
  readonly title: string;
  readonly licence: string;
  /** The page or publication that describes it. */
  readonly home: string;
  readonly files: readonly DataFile[];
  /** Folders of a data folder in which the files are looked for; the data set's name if not given. */
  readonly folders?: readonly string[];
}

export interface ImageEntry extends Entry {
  readonly kind: "images";
  readonly format: "idx" | "cifar" | "drawn";
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classNames: readonly string[];
  /** Files that are taken where the whole ones are not at hand, and what must be said about them. */
  readonly part?: { readonly folders: readonly string[]; readonly files: readonly string[]; readonly notice: string };
}

export interface TableEntry extends Entry {
  readonly kind: "table";
  readonly task: "classification" | "regression";
  readonly target: string;
  /** Columns that tell nothing or give the target away. */
  readonly leaveOut?: readonly string[];
  readonly csv?: CsvOptions;
}

export interface TextEntry extends Entry {
  readonly kind: "text";
}

export type DatasetEntry = ImageEntry | TableEntry | TextEntry;

const digitNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const uci = (path: string): string[] => [`https://archive.ics.uci.edu/ml/machine-learning-databases/${path}`];
const github = (repository: string, commit: string, path: string): string[] => [
  `https://raw.githubusercontent.com/${repository}/${commit}/${path}`,
];
const seaborn = (file: string): string[] => github("mwaskom/seaborn-data", "71e2436a092d714350de0fc409ca8a8714e7e78f", file);

/** The home page serves the files no more; both places keep the bytes it served. */
const mnist = (name: string, bytes: number, sha256: string): DataFile => ({
  name,
  bytes,
  sha256,
  from: [
    `https://storage.googleapis.com/cvdf-datasets/mnist/${name}`,
    `https://ossci-datasets.s3.amazonaws.com/mnist/${name}`,
  ],
});

const fashion = (name: string, bytes: number, sha256: string): DataFile => ({
  name,
  bytes,
  sha256,
  from: [
    ...github("zalandoresearch/fashion-mnist", "b2617bb6d3ffa2e429640350f613e3291e10b141", `data/fashion/${name}`),
    `http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/${name}`,
  ],
});

const cifarArchive: Archive = {
  url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
  bytes: 170052171,
  sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
};
const cifar = (name: string, sha256: string): DataFile => ({ name, bytes: 30730000, sha256, from: cifarArchive });

const nucleus = [
  "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points", "symmetry",
  "fractal_dimension",
];
const nucleusColumns = ["mean", "error", "worst"].flatMap((kind) => nucleus.map((name) => `${kind}_${name}`));

/** The data sets that Gradus knows by name. Those it cannot draw itself are downloaded when first asked for. */
export const catalog = {
  digits: {
    kind: "images",
    title: "handwritten digits that Gradus draws itself, 6,000 + 1,000 of 28×28",
    licence: "none needed",
    home: "generateDigits",
    files: [],
    format: "drawn",
    height: 28,
    width: 28,
    channels: 1,
    classNames: digitNames,
  },
  mnist: {
    kind: "images",
    title: "handwritten digits, 60,000 + 10,000 of 28×28",
    licence: "CC BY-SA 3.0, as commonly stated",
    home: '"The MNIST database of handwritten digits" (LeCun, Cortes, Burges), yann.lecun.com/exdb/mnist',
    files: [
      mnist("train-images-idx3-ubyte.gz", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
      mnist("train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
      mnist("t10k-images-idx3-ubyte.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
      mnist("t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ],
    format: "idx",
    height: 28,
    width: 28,
    channels: 1,
    classNames: digitNames,
  },
  "fashion-mnist": {
    kind: "images",
    title: "pictures of clothes, 60,000 + 10,000 of 28×28",
    licence: "MIT",
    home: "https://github.com/zalandoresearch/fashion-mnist",
    files: [
      fashion("train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
      fashion("train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
      fashion("t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
      fashion("t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ],
    format: "idx",
    height: 28,
    width: 28,
    channels: 1,
    classNames: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  },
  cifar10: {
    kind: "images",
    title: "photographs of ten kinds of things, 50,000 + 10,000 of 32×32 in colour",
    licence: 'none stated; its authors ask to cite "Learning Multiple Layers of Features from Tiny Images" (2009)',
    home: "https://www.cs.toronto.edu/~kriz/cifar.html",
    files: [
      cifar("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
      cifar("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
      cifar("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
      cifar("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
      cifar("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
      cifar("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
    ],
    folders: ["cifar10", "cifar-10-batches-bin"],
    format: "cifar",
    height: 32,
    width: 32,
    channels: 3,
    classNames: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    part: {
      folders: ["cifar10-subset"],
      files: ["data_batch_1_first4000.bin", "test_batch_first1000.bin"],
      notice:
        "cifar10: only the first 4,000 of its 50,000 training images and 1,000 of its 10,000 test images are at hand; " +
        "do not compare results with published ones",
    },
  },
  iris: {
    kind: "table",
    title: "150 flowers of three species, four measures",
    licence: "CC BY 4.0",
    home: "https://archive.ics.uci.edu/dataset/53/iris",
    files: [
      {
        name: "iris.data",
        bytes: 4551,
        sha256: "6f608b71a7317216319b4d27b4d9bc84e6abd734eda7872b71a458569e2656c0",
        from: uci("iris/iris.data"),
      },
    ],
    task: "classification",
    target: "species",
    csv: { header: ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"] },
  },
  wine: {
    kind: "table",
    title: "178 wines of three cultivars, 13 chemical measures",
    licence: "CC BY 4.0",
    home: "https://archive.ics.uci.edu/dataset/109/wine",
    files: [
      {
        name: "wine.data",
        bytes: 10782,
        sha256: "6be6b1203f3d51df0b553a70e57b8a723cd405683958204f96d23d7cd6aea659",
        from: uci("wine/wine.data"),
      },
    ],
    task: "classification",
    target: "cultivar",
    csv: {
      header: [
        "cultivar", "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
        "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315", "proline",
      ],
      kinds: { cultivar: "categorical" },
    },
  },
  "breast-cancer": {
    kind: "table",
    title: "569 tumours, benign or malignant, 30 measures of their cells",
    licence: "CC BY 4.0",
    home: "https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic",
    files: [
      {
        name: "wdbc.data",
        bytes: 124103,
        sha256: "d606af411f3e5be8a317a5a8b652b425aaf0ff38ca683d5327ffff94c3695f4a",
        from: uci("breast-cancer-wisconsin/wdbc.data"),
      },
    ],
    folders: ["breast-cancer", "breast-cancer-wdbc"],
    task: "classification",
    target: "diagnosis",
    leaveOut: ["id"],
    csv: { header: ["id", "diagnosis", ...nucleusColumns] },
  },
  titanic: {
    kind: "table",
    title: "891 passengers of the Titanic and who survived; values missing",
    licence: "none stated; historical records",
    home: "https://github.com/mwaskom/seaborn-data",
    files: [
      {
        name: "titanic.csv",
        bytes: 57018,
        sha256: "81787d320d7f7b03df935e91de8bd19e11d45c5bbcab86ef4d4a76dc91b7d4f2",
        from: seaborn("titanic.csv"),
      },
    ],
    task: "classification",
    target: "survived",
    // alive repeats survived, the others repeat pclass, sex, age, embarked, sibsp and parch.
    leaveOut: ["alive", "class", "who", "adult_male", "embark_town", "alone"],
    csv: { kinds: { survived: "categorical" } },
  },
  "california-housing": {
    kind: "table",
    title: "20,640 districts of California and the value of their houses; values missing",
    licence: "public domain (1990 census), as prepared by A. Géron under Apache-2.0",
    home: "https://github.com/ageron/handson-ml2 (Pace and Barry, 1997)",
    files: [
      {
        name: "housing.csv",
        bytes: 1423529,
        sha256: "8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e",
        from: github("ageron/handson-ml2", "1e2115277b50f6c584cd668fa30e3af309a5b136", "datasets/housing/housing.csv"),
      },
    ],
    task: "regression",
    target: "median_house_value",
  },
  "airline-passengers": {
    kind: "table",
    title: "air passengers of 144 months, in thousands",
    licence: "none stated; public facts",
    home: 'https://github.com/mwaskom/seaborn-data (Box, Jenkins, Reinsel, "Time Series Analysis")',
    files: [
      {
        name: "flights.csv",
        bytes: 2350,
        sha256: "237d834127d9c6355630d8f443a7a2377b5925923010009b59809ba0b67f4fac",
        from: seaborn("flights.csv"),
      },
    ],
    task: "regression",
    target: "passengers",
    csv: {
      categories: {
        month: [
          "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December",
        ],
      },
    },
  },
  adult: {
    kind: "table",
    title: "48,842 people of a census and whether they earn above 50,000 dollars; values missing",
    licence: "CC BY 4.0",
    home: "https://archive.ics.uci.edu/dataset/2/adult",
    files: [
      {
        name: "adult.data",
        bytes: 3974305,
        sha256: "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
        from: uci("adult/adult.data"),
      },
      {
        name: "adult.test",
        bytes: 2003153,
        sha256: "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
        from: uci("adult/adult.test"),
      },
    ],
    task: "classification",
    target: "income",
    csv: {
      header: [
        "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race",
        "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income",
      ],
      comment: "|",
    },
  },
  "tiny-shakespeare": {
    kind: "text",
    title: "40,000 lines of Shakespeare",
    licence: "public domain",
    home: "https://github.com/karpathy/char-rnn",
    files: [
      {
        name: "input.txt",
        bytes: 1115394,
        sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        from: github("karpathy/char-rnn", "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e", "data/tinyshakespeare/input.txt"),
      },
    ],
  },
} as const satisfies Record<string, DatasetEntry>;

export type DatasetName = keyof typeof catalog;
