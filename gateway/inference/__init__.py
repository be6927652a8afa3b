"""Inference: the engine interface, its Triton client, and admission, which bounds the slices in flight."""
