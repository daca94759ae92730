"""The process written out as one dense Gaussian, in NumPy: what closed forms are held against."""

import numpy as np
import pytest

from tf_dsae.linear_gaussian.study_settings import Parameters

PARAMETERS = Parameters(sigma_f=1.3, sigma_z=0.6, sigma_x=0.8)


class Dense:
    """Everything of one dimension, (f, z_1..z_T, x_1..x_T), as a linear map of white noise."""

    def __init__(self, parameters: Parameters, num_frames: int):
        size = 1 + 2 * num_frames
        noise = np.zeros((size, size))
        noise[0, 0] = parameters.sigma_f
        for t in range(1, 1 + num_frames):
            if t > 1:
                noise[t] = noise[t - 1]
            noise[t, t] = parameters.sigma_z
        for t in range(1 + num_frames, size):
            noise[t] = noise[0] + noise[t - num_frames]
            noise[t, t] = parameters.sigma_x
        covariance = noise @ noise.T
        self.latent = covariance[: 1 + num_frames, : 1 + num_frames]
        self.cross = covariance[: 1 + num_frames, 1 + num_frames :]
        self.data = covariance[1 + num_frames :, 1 + num_frames :]

    def log_likelihood(self, x: np.ndarray) -> np.ndarray:
        """x [B, T, D] -> [B]: one normal over all T D numbers."""
        dimensions = x.shape[-1]
        covariance = np.kron(self.data, np.eye(dimensions))
        flat = x.reshape(len(x), -1)
        squares = np.einsum("bi,ij,bj->b", flat, np.linalg.inv(covariance), flat)
        return -0.5 * (squares + np.linalg.slogdet(2 * np.pi * covariance)[1])

    def posterior(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x [B, T, D] -> mean [B, D, 1 + T] and covariance [1 + T, 1 + T] of (f, z) given x."""
        gain = self.cross @ np.linalg.inv(self.data)
        return np.einsum("ht,btd->bdh", gain, x), self.latent - gain @ self.cross.T


@pytest.fixture
def draw():
    """draw(B, T, D): data that need not come from the process."""

    def make(sequences: int, frames: int, dimensions: int, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).normal(size=(sequences, frames, dimensions))

    return make
