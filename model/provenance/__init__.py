"""Where a picture comes from: a C2PA manifest and an invisible watermark, each bound to order and model version.

    marked = watermark.embed(picture, origin.payload)
    data = manifest.sign(encode_png(marked), origin, credentials)

The manifest tells more and is lost when a file is saved anew; the watermark stays and leads back to the order.
"""
