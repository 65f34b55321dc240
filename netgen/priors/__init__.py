"""Priors of several sizes, and how much less has to be sent when both ends know one."""
