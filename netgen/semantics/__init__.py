"""Information measures of meaning: pure functions of arrays, in bits.

A *synonymous mapping* sends every symbol to its meaning, a class of synonymous symbols; here it is an array of class
numbers, one per symbol. Everything that has to do with random numbers, networks or video lives elsewhere.
"""
