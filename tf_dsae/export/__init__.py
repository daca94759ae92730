"""SavedModels: a trained model as a folder that TensorFlow alone, or TF Serving, answers from."""
