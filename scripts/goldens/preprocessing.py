"""Writes test/golden/preprocessing.json: preprocessing by scikit-learn's documented definitions, computed with numpy.

Each case names its definition, as the user guide ("Preprocessing data", "Imputation of missing values") and the class
references of scikit-learn 1.x give it. Missing values are null.
"""
import json
import os

import numpy as np

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "golden", "preprocessing.json")
nan = float("nan")

NUMBERS = {
    "age": [22.0, 38.0, nan, 35.0, 35.0, nan, 54.0, 2.0, 27.0, 14.0],
    "fare": [7.25, 71.2833, 7.925, 53.1, 8.05, 8.4583, 51.8625, 21.075, 11.1333, 512.3292],
    "same": [3.5] * 10,
}
NEW_NUMBERS = {"age": [1.0, nan, 80.0], "fare": [0.0, 600.0, nan], "same": [3.5, 4.0, -1.0]}
WORDS = {
    "port": ["S", "C", "S", None, "Q", "C", "S", "Q", None, "C"],
    "sex": ["m", "f", "f", "f", "m", "m", "m", "m", "f", "f"],
}
NEW_WORDS = {"port": ["Q", None, "X"], "sex": ["f", "m", "m"]}


def plain(values):
    return [None if v is None or (isinstance(v, float) and np.isnan(v)) else v for v in [x.item() if hasattr(x, "item") else x for x in values]]


def case(name, kind, options, fit, new, definition, columns):
    record = lambda table: {k: plain(v) for k, v in table.items()}
    return {"name": name, "definition": definition, "kind": kind, "options": options, "fit": record(fit), "transform": record(new), "expected": record(columns)}


def per_column(f):
    return {k: f(np.array(v), np.array(NEW_NUMBERS[k])) for k, v in NUMBERS.items()}


def nonzero(s):
    return 1.0 if s == 0 else s


def standard(mean=True, std=True):
    return per_column(lambda x, y: (y - (np.nanmean(x) if mean else 0)) / (nonzero(np.nanstd(x)) if std else 1))


def minmax(low, high, clip):
    def f(x, y):
        lo, hi = np.nanmin(x), np.nanmax(x)
        z = (y - lo) / nonzero(hi - lo) * (high - low) + low
        return np.clip(z, low, high) if clip else z
    return per_column(f)


def robust(low, high):
    return per_column(lambda x, y: (y - np.nanmedian(x)) / nonzero(np.nanpercentile(x, high) - np.nanpercentile(x, low)))


def most_frequent(values):
    present = [v for v in values if v is not None and v == v]
    found, counts = np.unique(present, return_counts=True)
    return found[np.argmax(counts)]


def imputed(fill):
    return {k: [fill(np.array(v)) if np.isnan(y) else y for y in NEW_NUMBERS[k]] for k, v in NUMBERS.items()}


def words_imputed(fill):
    return {k: [fill(v) if y is None else y for y in NEW_WORDS[k]] for k, v in WORDS.items()}


def one_hot():
    out = {}
    for k, values in WORDS.items():
        categories = sorted({v for v in values if v is not None}) + ([None] if None in values else [])
        for c in categories:
            out[f"{k}_{'nan' if c is None else c}"] = [1 if y == c else 0 for y in NEW_WORDS[k]]
    return out


def ordinal():
    out = {}
    for k, values in WORDS.items():
        categories = sorted({v for v in values if v is not None})
        out[k] = [categories.index(y) if y in categories else nan for y in NEW_WORDS[k]]
    return out


with_indicator = imputed(np.nanmedian)
with_indicator["missing_age"] = [int(np.isnan(y)) for y in NEW_NUMBERS["age"]]
N, W = (NUMBERS, NEW_NUMBERS), (WORDS, NEW_WORDS)
cases = [
    case("standardize", "StandardScaler", {}, *N, "StandardScaler: z = (x - u) / s, u = nanmean, s = nanstd with ddof 0, s = 1 where it is 0", standard()),
    case("standardize without the mean", "StandardScaler", {"withMean": False}, *N, "StandardScaler(with_mean=False): x / s", standard(mean=False)),
    case("center only", "StandardScaler", {"withStd": False}, *N, "StandardScaler(with_std=False): x - u", standard(std=False)),
    case("min-max", "MinMaxScaler", {}, *N, "MinMaxScaler: (x - min) / (max - min), the range 1 where it is 0", minmax(0, 1, False)),
    case("min-max to a range", "MinMaxScaler", {"range": [-1, 3]}, *N, "MinMaxScaler(feature_range=(-1, 3)): X_std * (max - min) + min", minmax(-1, 3, False)),
    case("min-max clipped", "MinMaxScaler", {"clip": True}, *N, "MinMaxScaler(clip=True): transformed values clipped to the range", minmax(0, 1, True)),
    case("robust", "RobustScaler", {}, *N, "RobustScaler: (x - nanmedian) / (nanpercentile 75 - nanpercentile 25), linear interpolation", robust(25, 75)),
    case("robust, other percentiles", "RobustScaler", {"quantileRange": [10, 90]}, *N, "RobustScaler(quantile_range=(10, 90))", robust(10, 90)),
    case("mean", "SimpleImputer", {"strategy": "mean"}, *N, "SimpleImputer(strategy='mean'): nanmean", imputed(np.nanmean)),
    case("median", "SimpleImputer", {"strategy": "median"}, *N, "SimpleImputer(strategy='median'): nanmedian", imputed(np.nanmedian)),
    case("most frequent number", "SimpleImputer", {"strategy": "most-frequent"}, *N, "SimpleImputer(strategy='most_frequent'): the smallest of the most frequent", imputed(most_frequent)),
    case("constant number", "SimpleImputer", {"strategy": "constant", "fill": -1}, *N, "SimpleImputer(strategy='constant', fill_value=-1)", imputed(lambda x: -1)),
    case("median with indicator", "SimpleImputer", {"strategy": "median", "indicator": True}, *N, "SimpleImputer(add_indicator=True): 1 where missing, for features with missing values in fit", with_indicator),
    case("most frequent category", "SimpleImputer", {"strategy": "most-frequent"}, *W, "SimpleImputer(strategy='most_frequent') of strings: the smallest of the most frequent", words_imputed(most_frequent)),
    case("constant category", "SimpleImputer", {"strategy": "constant", "fill": "?"}, *W, "SimpleImputer(strategy='constant', fill_value='?')", words_imputed(lambda v: "?")),
    case("one-hot", "OneHotEncoder", {"unknown": "ignore"}, *W, "OneHotEncoder(handle_unknown='ignore'): sorted categories, missing last and a category of its own, unknown all zeros", one_hot()),
    case("ordinal", "OrdinalEncoder", {"unknown": "ignore"}, *W, "OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=nan): places among sorted categories, missing stays nan", ordinal()),
]


def stratified(counts, size):
    """StratifiedShuffleSplit: class counts of a part, the floor of each share and one more for the largest remainders."""
    counts = np.array(counts)
    exact = counts / counts.sum() * size
    parts = np.floor(exact)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: int(size - parts.sum())]] += 1
    return parts.astype(int).tolist()


def split(counts, test):
    n = sum(counts)
    tests = stratified(counts, int(np.ceil(test * n - 1e-9)))
    return {"counts": counts, "test": test, "expected": {"test": tests, "train": [c - t for c, t in zip(counts, tests)]}}


splits = [split([549, 342], 0.2), split([50, 50, 50], 0.25), split([71, 59, 48], 0.3), split([97, 3], 0.1)]
with open(OUT, "w") as file:
    json.dump({"cases": cases, "splits": splits}, file, separators=(",", ":"))
    file.write("\n")
print(len(cases), os.path.getsize(OUT))
