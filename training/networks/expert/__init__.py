"""The 3D expert and its backbones: a light dense network, R3D-18, SlowFast-R50, the teacher's trunk."""

from training.networks.expert.expert3d import BACKBONES, Backbone, Expert3d

__all__ = ["BACKBONES", "Backbone", "Expert3d"]
