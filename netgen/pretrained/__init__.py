"""Bases of plug-ins around large pretrained models of others: diffusers pipelines and CompressAI networks."""
