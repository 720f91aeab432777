"""DynamoDB, where moto does not answer as AWS: PartiQL, and requests that AWS refuses.

`requests` stands before moto: `expressions` and `keys` say what is wrong with a request, `batches`
with many in one, and `statements` performs what `partiql` has read. Tables and items are moto's.
"""
