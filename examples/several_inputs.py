"""The picture of the page on several inputs: pairs of digits that a net tells apart."""

import argparse
from pathlib import Path

import keras
from keras import layers

import featureprobe as fp


def main() -> None:
    """Optimize both inputs of a net that compares two digits, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/_static/inputs"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(1)
    seen = fp.samples.mnist_cnn()
    left, right = (keras.Input((28, 28, 1), name=name) for name in ("left", "right"))
    apart = layers.Subtract(name="apart")([seen(left), seen(right)])
    model = keras.Model([left, right], layers.Dense(2, name="verdict")(apart))
    space = fp.samples.mnist_probe().input_space
    both = fp.ModelProbe(model, input_space={"left": space, "right": space})
    result = fp.Ascent(steps=48, starts=2).run(both, fp.Node.each(both, "apart")[:6], rng=7)
    result.plot().figure.savefig(out / "pair.png", dpi=90)
    print(result.table())


if __name__ == "__main__":
    main()
