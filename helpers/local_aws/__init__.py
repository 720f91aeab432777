"""The embedded AWS: one process, one loopback port, no account, no network.

    server.py     starts, finds, empties and stops the process; __main__.py is that process
    listener.py   waitress, the HTTP server
    front.py      lets requests in and picks the service that their signature names
    clients.py    boto3 clients for the services among themselves, without a socket; direct_calls.py
                  leaves out most of boto3 where services are called most
    timers.py     how long things may take
    permissions/  whether a request may do what it asks for
    json_protocol.py  query_protocol.py       how requests are read and answered
    database.py   the file in which our own services keep what they must not lose
    states/  rekognition/  cloudformation/    our own services
    functions.py (and function_*.py)          Lambda: moto keeps the functions, we run them
    moto_services.py                          all other services: moto's; moto_mends.py corrects it
    events/                                   EventBridge's rules, targets and schedules
    cloudwatch_metrics.py                     CloudWatch's answers about metrics
    log_delivery.py  log_events.py            how lines reach CloudWatch Logs, and are kept there
    keeping/                                  keeps what moto holds when the process is killed

The account number and the region that it answers with stand here and nowhere else.
"""

ACCOUNT = "000000000000"
REGION = "us-east-1"
