"""What is known of single layers of Keras: whose code they are, their activation, their gradient."""
