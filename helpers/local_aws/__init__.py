"""The embedded AWS: one process, one loopback port, no account, no network.

    server.py     starts, finds, empties and stops the process; __main__.py is that process
    listener.py   waitress, the HTTP server
    front.py      lets requests in and picks the service that their signature names
    clients.py    boto3 clients for the services among themselves, without a socket
    states/  rekognition/  cloudformation/    our own services
    functions.py (and function_*.py)          Lambda: moto keeps the functions, we run them
    moto_services.py                          all other services: moto's; moto_mends.py corrects it
    events/                                   EventBridge's rules, targets and schedules
    cloudwatch_metrics.py  log_delivery.py    what services tell CloudWatch
    permissions/                              what a role may do
    database.py                               keeps what our own services hold: state.sqlite
    keeping/                                  keeps what moto holds

The account number and the region that it answers with stand here and nowhere else.
"""

ACCOUNT = "000000000000"
REGION = "us-east-1"
