"""Models to compare with, in plain PyTorch, trained on the same windows for as long.

They follow their papers in structure, not in size: each is made about as large as the SpikySpace
model beside it.
"""
