"""Which artists a picture or a model drew on: gradients → int8 rows and queries → integer scores →
allocations.
"""
