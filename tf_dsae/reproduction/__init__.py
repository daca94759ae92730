"""The 2019 paper's story, end to end, from the floors below; nothing depends on it."""
