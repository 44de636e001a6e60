"""Train two small nets on data with a known pattern, and find that pattern by an ascent.

A series holds a pulse in noise or none, a volume a ball in noise or none. Each net learns to tell; the
image that its output wants must then show the pulse, or the ball. Prints the correlation of each.
"""

import itertools

import keras
import numpy as np
import numpy.typing as npt

import featureprobe as fp

Array = npt.NDArray[np.float32]
layers = keras.layers

PULSE: Array = np.array([0.2, 0.7, 0.1, -1.0, -1.4, 0.4, 2.0, 1.1, -0.5], np.float32)[:, None]
"""(9, 1): a sharp wave between two slow ones."""


def ball(radius: float = 2.0) -> Array:
    """Return (5, 5, 5, 1): a ball with a soft edge, 0 in the corners."""
    distance = np.sqrt(sum(np.square(np.mgrid[-2:3, -2:3, -2:3])))
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)[..., None]


def hidden(template: Array, size: int, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return images of noise, in every second of which the template lies somewhere, and labels.

    Args:
        template: (*spatial, 1).
        size: Of the images, along each spatial axis.
        count: Number of images.
        rng: All randomness comes from here.
    """
    spatial = (size,) * (template.ndim - 1)
    images = rng.normal(size=(count, *spatial, 1)).astype(np.float32)
    labels = np.arange(count) % 2
    for image in images[1::2]:
        begin = [rng.integers(n - m + 1) for n, m in zip(spatial, template.shape, strict=False)]
        place = tuple(slice(b, b + m) for b, m in zip(begin, template.shape, strict=False))
        image[place] += 1.5 * template
    return images, labels.astype(np.float32)


def trained(template: Array, size: int, count: int, decay: float) -> keras.Model:
    """Return a net that says whether the template is in an image."""
    keras.utils.set_random_seed(17)
    images, labels = hidden(template, size, count, np.random.default_rng(17))
    rank = template.ndim - 1
    image = keras.Input(images.shape[1:], name="image")
    filters = getattr(layers, f"Conv{rank}D")(
        3,
        len(template),
        activation="relu",
        kernel_regularizer=keras.regularizers.L2(decay),  # or weights keep the noise of the data
        name="filters",
    )
    values = filters(image)
    values = getattr(layers, f"GlobalMaxPooling{rank}D")(name="anywhere")(values)
    net = keras.Model(image, layers.Dense(1, activation="sigmoid", name="there")(values))
    net.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    net.fit(images, labels, batch_size=64, epochs=8, verbose=0)
    return net


def best_match(picture: Array, template: Array) -> float:
    """Return the highest correlation of a template with a part of a picture."""
    pairs = zip(picture.shape[:-1], template.shape[:-1], strict=True)
    found = []
    for begin in itertools.product(*(range(n - m + 1) for n, m in pairs)):
        part = picture[tuple(slice(b, b + m) for b, m in zip(begin, template.shape, strict=False))]
        if part.std() > 0:
            found.append(np.corrcoef(part.ravel(), template.ravel())[0, 1])
    return float(max(found))


def pictures_of(net: keras.Model) -> Array:
    """Return (2, *spatial, 1): what the net's output wants to see, and what its best filter does."""
    probe = fp.ModelProbe(net, input_space=fp.InputSpace.identity())
    best = int(np.argmax(net.get_layer("there").get_weights()[0][:, 0]))
    middle = tuple(n // 2 for n in probe.shape_of("filters")[:-1])
    targets = [fp.Logit(0), fp.Node("filters", position=middle, channel=best)]
    return fp.Ascent(starts=2).run(probe, targets, rng=7, progress=False).best()


def correlations(template: Array, size: int, count: int, decay: float) -> list[float]:
    """Return how well the two pictures of a net show the template that it was trained on."""
    return [
        best_match(picture, template)
        for picture in pictures_of(trained(template, size, count, decay))
    ]


if __name__ == "__main__":
    for name, given in (("pulse", (PULSE, 64, 2048, 0.003)), ("ball", (ball(), 10, 1024, 0.01))):
        output, unit = correlations(*given)
        print(
            f"{name}: correlation of the output's picture {output:.3f}, of the filter's {unit:.3f}"
        )
