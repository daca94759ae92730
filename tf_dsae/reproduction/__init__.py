"""The 2019 paper's story, end to end."""
