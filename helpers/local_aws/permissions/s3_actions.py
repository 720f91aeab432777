"""What requests to S3 need: its API has many operations whose action has another name.

Source: "Required permissions for Amazon S3 API operations" of the S3 user guide.
"""

from collections.abc import Callable
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.signing import Environ

# The part of a bucket's or an object's settings that a query names -> what actions call it.
_OF_BUCKET = {
    "acl": "BucketAcl",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "versioning": "BucketVersioning",
    "tagging": "BucketTagging",
    "notification": "BucketNotification",
    "cors": "BucketCORS",
    "lifecycle": "LifecycleConfiguration",
    "encryption": "EncryptionConfiguration",
    "website": "BucketWebsite",
    "logging": "BucketLogging",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "ownershipControls": "BucketOwnershipControls",
    "replication": "ReplicationConfiguration",
    "accelerate": "AccelerateConfiguration",
    "requestPayment": "BucketRequestPayment",
    "object-lock": "BucketObjectLockConfiguration",
    "inventory": "InventoryConfiguration",
    "analytics": "AnalyticsConfiguration",
    "metrics": "MetricsConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "location": "BucketLocation",
}
_OF_OBJECT = {
    "acl": "ObjectAcl",
    "tagging": "ObjectTagging",
    "retention": "ObjectRetention",
    "legal-hold": "ObjectLegalHold",
    "attributes": "ObjectAttributes",
    "torrent": "ObjectTorrent",
}
_VERBS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Put", "POST": "Put"}
_DELETED = {"policy": "DeleteBucketPolicy", "website": "DeleteBucketWebsite"}
_LISTED = {
    "versions": "ListBucketVersions",
    "uploads": "ListBucketMultipartUploads",
}


def asked(environ: Environ, content: Callable[[], bytes]) -> list[Ask]:
    """Return what a request to S3 needs permission for; `content` gives its body."""
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    bucket, _, key = path.lstrip("/").partition("/")
    method = environ["REQUEST_METHOD"]
    if not bucket:
        return [Ask("s3:ListAllMyBuckets", "*")]
    if not key and method == "POST" and "delete" in query:
        return _of_deleted(f"arn:aws:s3:::{bucket}", content())
    if not key:
        return [_of_bucket(method, bucket, query)]
    resource = f"arn:aws:s3:::{bucket}/{key}"
    asks = [Ask(f"s3:{_of_object(method, query)}", resource)]
    if source := environ.get("HTTP_X_AMZ_COPY_SOURCE"):
        name, _, version = source.partition("?versionId=")
        action = "s3:GetObjectVersion" if version else "s3:GetObject"
        asks.append(Ask(action, f"arn:aws:s3:::{unquote(name).lstrip('/')}"))
    if environ.get("HTTP_X_AMZ_TAGGING"):
        asks.append(Ask("s3:PutObjectTagging", resource))
    return asks


def _of_bucket(method: str, bucket: str, query: dict[str, str]) -> Ask:
    resource = f"arn:aws:s3:::{bucket}"
    for name, subject in _OF_BUCKET.items():
        if name in query:
            deleted = _DELETED.get(name) if method == "DELETE" else None
            return Ask(f"s3:{deleted or _VERBS[method] + subject}", resource)
    if method in ("GET", "HEAD"):
        listed = next((action for name, action in _LISTED.items() if name in query), "ListBucket")
        context = {f"s3:{name}": query[name] for name in ("prefix", "delimiter") if name in query}
        return Ask(f"s3:{listed}", resource, context)
    if method == "POST":  # of a form; its key stands in the body
        return Ask("s3:PutObject", f"{resource}/*")
    return Ask("s3:CreateBucket" if method == "PUT" else "s3:DeleteBucket", resource)


def _of_deleted(resource: str, content: bytes) -> list[Ask]:
    """Return what DeleteObjects needs: each key. AWS deletes what it may, we refuse the whole."""
    try:
        objects = [*ElementTree.fromstring(content).iterfind("{*}Object")]
    except ElementTree.ParseError:
        return [Ask("s3:DeleteObject", f"{resource}/*")]
    return [
        Ask(
            "s3:DeleteObject" if one.find("{*}VersionId") is None else "s3:DeleteObjectVersion",
            f"{resource}/{one.findtext('{*}Key')}",
        )
        for one in objects
    ]


def _of_object(method: str, query: dict[str, str]) -> str:
    if "uploadId" in query and method in ("GET", "DELETE"):
        return "ListMultipartUploadParts" if method == "GET" else "AbortMultipartUpload"
    for name, subject in _OF_OBJECT.items():
        if name in query:
            return ("Delete" if method == "DELETE" else _VERBS[method]) + subject
    if "restore" in query:
        return "RestoreObject"
    if method in ("GET", "HEAD") or "select" in query:
        return "GetObjectVersion" if "versionId" in query else "GetObject"
    if method == "DELETE":
        return "DeleteObjectVersion" if "versionId" in query else "DeleteObject"
    return "PutObject"
