"""Icons as SVG paths in a square of 16 by 16, so that no font is needed to draw them."""

LAMBDA = "M4.6 3.2h2.1l4.9 9.6M7.3 7.3 4.2 12.8"
CYLINDER = (
    "M3.5 4.6c0-1.6 9-1.6 9 0v6.8c0 1.6-9 1.6-9 0zM3.5 4.6c0 1.6 9 1.6 9 0M3.5 8c0 1.6 9 1.6 9 0"
)
MEGAPHONE = "M3 6.4v3.2h2l4.8 2.9v-9L5 6.4zM12.4 6v4"
QUEUE = "M2.2 5.8h3v4.4h-3zM6.5 5.8h3v4.4h-3zM10.8 5.8h3v4.4h-3z"
BUCKET = "M3 4.6 4.3 12.4c.2 1.2 7.2 1.2 7.4 0L13 4.6M3 4.6c0-1.5 10-1.5 10 0c0 1.5-10 1.5-10 0z"
EYE = "M1.8 8c3-5 9.4-5 12.4 0c-3 5-9.4 5-12.4 0zM8 6.3a1.7 1.7 0 1 0 .01 0z"
FLOW = "M4.2 2.700h7.600v3H4.200zM4.2 10.300h7.600v3H4.200zM8 5.700v4.6"
BOLT = "M9 2.3 4.3 9H8l-1 4.700L11.7 7H8z"
HEXAGON = "M8 2.300l4.9 2.850v5.700L8 13.700l-4.9-2.850v-5.700zM8 6.400a1.6 1.6 0 1 0 .01 0z"
DIAMOND = "M8 2.5 13.5 8 8 13.5 2.5 8z"
CLOCK = "M8 2.500a5.5 5.5 0 1 0 .01 0zM8 5v3.200l2.2 1.4"
ARROW = "M2.5 8h10.500M9.5 4.5 13 8l-3.5 3.5"
FORK = "M8 2.300v3.200M4 13.700v-4q0-4 4-4t4 4v4"
STACK = "M2.5 5.500h8v8h-8zM5.5 5.500v-3h8v8h-3"
CHECK = "M3.5 8.6 6.7 11.7 12.5 4.6"
CROSS = "M4.3 4.300l7.4 7.400M11.7 4.300l-7.4 7.4"
QUESTION = "M5.5 6c0-3.6 5-3.6 5 0c0 2-2.5 1.9-2.5 3.800M8 12.500v.3"
EXCLAMATION = "M8 3.600v5.400M8 12v.3"
DOTS = "M4 8h.01M8 8h.01M12 8h.01"
PLUS = "M8 3.500v9M3.5 8h9"
MINUS = "M3.5 8h9"
WAVE = "M3 9.2c1.6-3.2 3.2-3.2 5-1s3.4 2.2 5-1"
SQUARE = "M5.3 5.300h5.400v5.400H5.300z"

# What a box does -> its icon and the colour of its tile (white on it has a contrast over 4.5).
TILES = {
    "Lambda": (LAMBDA, "#b45309"),
    "DynamoDB": (CYLINDER, "#3b4cca"),
    "SNS": (MEGAPHONE, "#b0256b"),
    "SQS": (QUEUE, "#b0256b"),
    "S3": (BUCKET, "#3b7423"),
    "Rekognition": (EYE, "#0b6e69"),
    "Step Functions": (FLOW, "#b0256b"),
    "EventBridge": (BOLT, "#b0256b"),
    "Task": (HEXAGON, "#475569"),
    "Activity": (HEXAGON, "#475569"),
    "Choice": (DIAMOND, "#475569"),
    "Wait": (CLOCK, "#475569"),
    "Pass": (ARROW, "#475569"),
    "Parallel": (FORK, "#475569"),
    "Map": (STACK, "#475569"),
    "Succeed": (CHECK, "#1a6b34"),
    "Fail": (CROSS, "#b42318"),
}
OTHER_TASK = (HEXAGON, "#475569")
NO_STATE = (QUESTION, "#b42318")
