"""Estimates of the share of meaning that is kept of video without labels, and how far each can be trusted.

Three families (Jin, Liu and Liu, ACM MM 2025, section 3.3): features of a network, descriptions, and a task that others
would run on the video. What an estimate says of meaning is measured on labelled scenes, where meaning is known: a curve
with an interval for each.
"""
