"""Siamese networks with contrastive loss on Fashion-MNIST: the core, without a user interface."""
