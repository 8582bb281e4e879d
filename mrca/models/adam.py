"""Adam in one pass over the weights."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="mrca")
class Adam(keras.optimizers.Adam):
    """Keras's Adam: the same arguments, state and steps, and on TensorFlow much faster.

    Keras writes a step as a dozen operations. JAX fuses them; TensorFlow without XLA makes an array
    of a variable's size in each, which costs more than the gradient of a large classifier. Its own
    kernel goes over variable, gradient and moments once.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable and its moments."""
        if keras.backend.backend() != "tensorflow" or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        if isinstance(gradient, tf.IndexedSlices):  # of an embedding: few of its rows
            super().update_step(gradient, variable, learning_rate)
            return
        place = self._get_variable_index(variable)
        resources = [
            each.value if isinstance(each, keras.Variable) else each
            for each in (variable, self._momentums[place], self._velocities[place])
        ]
        dtype = resources[0].dtype
        step = tf.cast(self.iterations + 1, dtype)
        beta_1, beta_2, epsilon, rate = (
            tf.cast(number, dtype)
            for number in (self.beta_1, self.beta_2, self.epsilon, learning_rate)
        )
        tf.raw_ops.ResourceApplyAdam(
            var=resources[0].handle,
            m=resources[1].handle,
            v=resources[2].handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=tf.cast(gradient, dtype),
        )
