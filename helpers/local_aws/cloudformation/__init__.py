"""CloudFormation of the embedded AWS: stacks that fail, roll back and update as on AWS.

api.py takes the requests and passes them to changing.py, reading.py and change_sets.py.
proposals.py checks what a request wants, with template.py, parameters.py and evaluation.py, which
read a template and evaluate its functions. stack.py is what a stack is, store.py finds it,
lifecycle.py makes, changes and deletes its resources, and resources*.py know how to do that for
each type.

Our own, and not moto's: moto 5.2's accepts unknown resource types and missing capabilities, tells
no event of a resource, never rolls back, answers updates with HTTP 500, and loads the models of
all its services, some of which need packages that we do not install.
"""
