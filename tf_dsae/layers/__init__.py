"""Keras layers that return TFP distributions."""
