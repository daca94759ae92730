"""Sizes of feature maps: which frames a stack of strided convolutions can take and give back."""

from typing import NamedTuple

from tf_dsae.core.errors import UserError

Size = tuple[int, int]


class UpsamplingGeometry(NamedTuple):
    """Where a decoder starts (height, width) and each transposed convolution's kernel sizes."""

    grid: Size
    kernel_sizes: tuple[Size, ...]


def _level_size(size: int, kernel: int, stride: int, padding: str) -> int:
    if padding == "same":
        return size // stride if size % stride == 0 else 0
    return (size - kernel) // stride + 1 if size >= kernel else 0


def encoder_sizes(
    frame: Size, kernel_sizes: tuple[int, ...], strides: tuple[int, ...], padding: str
) -> tuple[Size, ...]:
    """(height, width) of the frame and of every feature map after it.

    Raises:
      UserError: where a side is too short, or with padding "same" no multiple of the stride.
    """
    height, width = frame
    sizes = [(height, width)]
    for kernel, stride in zip(kernel_sizes, strides, strict=True):
        height, width = (_level_size(side, kernel, stride, padding) for side in sizes[-1])
        if min(height, width) < 1:
            raise UserError(_size_message(frame, kernel_sizes, strides, padding))
        sizes.append((height, width))
    return tuple(sizes)


def _size_message(
    frame: Size, kernel_sizes: tuple[int, ...], strides: tuple[int, ...], padding: str
) -> str:
    total = 1
    for stride in strides:
        total *= stride
    if padding == "same":
        need = f"sides that are multiples of {total}"
    else:
        smallest = 1
        for kernel, stride in zip(reversed(kernel_sizes), reversed(strides), strict=True):
            smallest = (smallest - 1) * stride + kernel
        need = f"sides of at least {smallest} pixels"
    return (
        f"frame size: expected {need} for convolutions with strides {tuple(strides)}, "
        f"received {frame[0]} x {frame[1]}; resize or pad the videos, or choose another preset"
    )


def mirrored_geometry(sizes: tuple[Size, ...], strides: tuple[int, ...]) -> UpsamplingGeometry:
    """Transposed convolutions without padding that walk `sizes` back to the frame, exactly.

    A transposed convolution of stride s turns m pixels into (m - 1) s + kernel; the kernel that
    gives the n pixels of the level above is n - (m - 1) s. For 64 pixels, four convolutions of
    kernel 4 and stride 2, these are the kernels 4, 4, 5, 4 of the 2019 paper.
    """
    kernels = []
    for level in range(len(strides), 0, -1):
        stride = strides[level - 1]
        below, above = sizes[level], sizes[level - 1]
        height, width = (n - (m - 1) * stride for n, m in zip(above, below, strict=True))
        kernels.append((height, width))
    return UpsamplingGeometry(sizes[-1], tuple(kernels))


def padded_geometry(
    frame: Size, kernel_sizes: tuple[int, ...], strides: tuple[int, ...]
) -> UpsamplingGeometry:
    """Transposed convolutions with padding "same" that end at the frame.

    Raises:
      UserError: where a side is no multiple of the product of the strides.
    """
    sizes = encoder_sizes(frame, kernel_sizes[::-1], strides[::-1], "same")
    return UpsamplingGeometry(sizes[-1], tuple((kernel, kernel) for kernel in kernel_sizes))


def upsampled_sizes(
    geometry: UpsamplingGeometry, strides: tuple[int, ...], padding: str
) -> tuple[Size, ...]:
    """(height, width) of where a decoder starts and after each of its transposed convolutions."""
    sizes = [geometry.grid]
    for (tall, wide), stride in zip(geometry.kernel_sizes, strides, strict=True):
        height, width = sizes[-1]
        if padding == "same":
            sizes.append((height * stride, width * stride))
        else:
            sizes.append(((height - 1) * stride + tall, (width - 1) * stride + wide))
    return tuple(sizes)
