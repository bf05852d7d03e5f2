"""Trains two classifiers on data sets that scikit-learn ships, quantises them to integers and
writes them as JSON, with the whole test set and what the quantised model says about it.

    pip install -r requirements.txt
    python export.py ../../examples/applications/models

The contracts are made from the JSON by the tests of `examples/applications`.
"""

import json
import re
import sys
from pathlib import Path

import numpy
import sklearn
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler
from sklearn.tree import DecisionTreeClassifier

SEED = 0
# Values of a feature, and of a weight without its sign: 30 products of them add up to less than
# 2^16, so sixteen encrypted bits hold every sum.
FEATURE_MAX = 31
WEIGHT_MAX = 63
SUM_MAX = 2**16 - 1
# Irises are measured in tenths of a centimetre: as integers they lose nothing.
TENTHS = 10
DEPTH = 4


def split(data):
    return train_test_split(
        data.data, data.target, test_size=0.25, random_state=SEED, stratify=data.target
    )


def accuracy(predictions, labels):
    return round(float(numpy.mean(numpy.asarray(predictions) == labels)), 4)


def logistic(data):
    """A weighted sum of quantised features against zero."""
    train, test, train_labels, labels = split(data)
    scaler = MinMaxScaler(clip=True).fit(train)
    model = LogisticRegression(max_iter=10_000, random_state=SEED)
    model.fit(scaler.transform(train), train_labels)

    scale = WEIGHT_MAX / numpy.abs(model.coef_).max()
    weights = numpy.rint(model.coef_[0] * scale).astype(int)
    bias = int(numpy.rint(model.intercept_[0] * scale * FEATURE_MAX))
    for side in (weights[weights > 0].sum(), -weights[weights < 0].sum()):
        assert side * FEATURE_MAX + abs(bias) <= SUM_MAX, "a sum does not fit sixteen bits"

    inputs = numpy.rint(scaler.transform(test) * FEATURE_MAX).astype(int)
    predictions = (inputs @ weights + bias > 0).astype(int)
    floating = model.predict(scaler.transform(test))
    return {
        "feature_max": FEATURE_MAX,
        "model": {"logistic": {"weights": weights.tolist(), "bias": bias}},
        **report(inputs, labels, predictions, floating),
    }


def tree(data):
    """Comparisons of features with thresholds."""
    train, test, train_labels, labels = split(data)
    model = DecisionTreeClassifier(max_depth=DEPTH, random_state=SEED).fit(train, train_labels)
    nodes = model.tree_

    def node(index):
        if nodes.children_left[index] < 0:
            return {"class": int(nodes.value[index][0].argmax())}
        above, otherwise = node(nodes.children_right[index]), node(nodes.children_left[index])
        if above == otherwise:
            return above
        return {
            "split": {
                "feature": int(nodes.feature[index]),
                # An integer is above a number if it is above its floor.
                "threshold": int(numpy.floor(nodes.threshold[index] * TENTHS)),
                "above": above,
                "otherwise": otherwise,
            }
        }

    def predict(node, row):
        while split := node.get("split"):
            above = row[split["feature"]] > split["threshold"]
            node = split["above"] if above else split["otherwise"]
        return node["class"]

    root = node(0)
    inputs = numpy.rint(test * TENTHS).astype(int)
    predictions = [predict(root, row) for row in inputs]
    return {
        "feature_max": int(numpy.rint(data.data.max() * TENTHS)),
        "model": {"tree": root},
        **report(inputs, labels, predictions, model.predict(test)),
    }


def report(inputs, labels, predictions, floating):
    return {
        "accuracy": {
            "floating": accuracy(floating, labels),
            "quantised": accuracy(predictions, labels),
            "rows_that_differ": int(numpy.sum(numpy.asarray(predictions) != floating)),
        },
        "test": {
            "inputs": inputs.tolist(),
            "labels": labels.tolist(),
            "predictions": [int(prediction) for prediction in predictions],
        },
    }


def write(folder, name, contract, data, model):
    head = {
        "contract": contract,
        "trained_with": f"scikit-learn {sklearn.__version__}, seed {SEED}",
        "features": [str(feature) for feature in data.feature_names],
        "classes": [str(target) for target in data.target_names],
    }
    text = json.dumps({**head, **model}, indent=1)
    # A list of numbers a line.
    text = re.sub(r"\[[\s\d,-]+\]", lambda found: re.sub(r"\s+", " ", found[0]), text)
    text = text.replace("[ ", "[").replace(" ]", "]")
    (folder / f"{name}.json").write_text(text + "\n")
    print(name, model["accuracy"], f"on {len(model['test']['labels'])} rows")


def main():
    folder = Path(sys.argv[1])
    cancer, iris = load_breast_cancer(), load_iris()
    write(folder, "breast-cancer", "BreastCancer", cancer, logistic(cancer))
    write(folder, "iris", "Iris", iris, tree(iris))


if __name__ == "__main__":
    main()
