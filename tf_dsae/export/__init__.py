"""SavedModels: a trained model as a folder that TensorFlow alone, or TF Serving, answers from."""

from tf_dsae.export.saved_model import export_saved_model, save_signatures

__all__ = ["export_saved_model", "save_signatures"]
