"""SavedModels: a trained model as a folder for TensorFlow alone, or TF Serving."""
