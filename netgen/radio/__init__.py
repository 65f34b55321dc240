"""radio"""
