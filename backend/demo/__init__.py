"""`meltingpot demo`: the product's whole path on real works, and the page that shows what came of it."""
