"""Scenes whose meaning is known: drawn from a declared distribution of labels, shown as video, read back by a network.

Because the labels are drawn independently from a distribution that is written down, the semantic entropy of a scene is
known in closed form, and what a transmission keeps of it can be measured instead of estimated.
"""
