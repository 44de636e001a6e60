"""What is known of single layers of Keras: whose code they are, their activation, their gradient.

What lives here: copies of layers with attributes of their own, gradients of their own, faster kernels.
May import: nothing of the other rooms of the model; TensorFlow and Keras.
To add an activation: `activations.py` says how it is taken off a layer.
Not a public place: users import from `featureprobe`.
"""
