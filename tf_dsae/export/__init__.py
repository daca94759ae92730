"""SavedModels: a model as a folder for TensorFlow alone, or TF Serving. No data are read."""
