"""Roles and policies of a stack."""

import json
from typing import Any

from helpers.local_aws import ACCOUNT
from helpers.local_aws.cloudformation.resources import (
    Making,
    Properties,
    ResourceType,
    only,
    random_letters,
    register,
    whole,
)

# What makes a template ask for CAPABILITY_IAM, and the property that asks for NAMED_IAM.
NAMED_BY = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::UserToGroupAddition": "",
}


@register
class Role(ResourceType):
    """AWS::IAM::Role."""

    type = "AWS::IAM::Role"
    attributes = ("Arn", "RoleId")
    named_by = "RoleName"
    immutable = frozenset({"RoleName", "Path"})
    properties = frozenset(
        {
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        }
    )

    def create(self, making: Making, properties: Properties) -> None:
        """Make the role with its policies."""
        name = properties.get("RoleName") or making.name(64)
        request = only(properties, "Description", "Path", "PermissionsBoundary")
        if "MaxSessionDuration" in properties:
            request["MaxSessionDuration"] = whole(properties["MaxSessionDuration"])
        making.expect(name)
        making.clients("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=_text(properties["AssumeRolePolicyDocument"]),
            Tags=making.tag_list(properties),
            **request,
        )
        making.physical_id = name
        self._set_policies(making, {}, properties)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Change trust, policies, tags and the rest."""
        iam, name = making.clients("iam"), making.physical_id
        iam.update_assume_role_policy(
            RoleName=name, PolicyDocument=_text(new["AssumeRolePolicyDocument"])
        )
        request: dict[str, Any] = {"Description": new.get("Description", "")}
        if "MaxSessionDuration" in new:
            request["MaxSessionDuration"] = whole(new["MaxSessionDuration"])
        iam.update_role(RoleName=name, **request)
        self._set_policies(making, old, new)
        making.renew_tags(
            [tag["Key"] for tag in iam.list_role_tags(RoleName=name)["Tags"]],
            new,
            lambda surplus: iam.untag_role(RoleName=name, TagKeys=surplus),
            lambda: iam.tag_role(RoleName=name, Tags=making.tag_list(new)),
        )

    def _set_policies(self, making: Making, old: Properties, new: Properties) -> None:
        iam, name = making.clients("iam"), making.physical_id
        before = {policy["PolicyName"] for policy in old.get("Policies", [])}
        for policy in new.get("Policies", []):
            iam.put_role_policy(
                RoleName=name,
                PolicyName=policy["PolicyName"],
                PolicyDocument=_text(policy["PolicyDocument"]),
            )
            before.discard(policy["PolicyName"])
        for gone in before:
            iam.delete_role_policy(RoleName=name, PolicyName=gone)
        attached, wanted = set(old.get("ManagedPolicyArns", [])), new.get("ManagedPolicyArns", [])
        for arn in wanted:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in attached - set(wanted):
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the role; policies that others attached make that fail, as on AWS."""
        iam, name = making.clients("iam"), making.physical_id
        here = set(iam.list_role_policies(RoleName=name)["PolicyNames"])
        for policy in properties.get("Policies", []):
            if policy["PolicyName"] in here:
                iam.delete_role_policy(RoleName=name, PolicyName=policy["PolicyName"])
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        for policy in attached:
            if policy["PolicyArn"] in properties.get("ManagedPolicyArns", []):
                iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        iam.delete_role(RoleName=name)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN and the id."""
        role = making.clients("iam").get_role(RoleName=making.physical_id)["Role"]
        return {"Arn": role["Arn"], "RoleId": role["RoleId"]}


@register
class InlinePolicy(ResourceType):
    """AWS::IAM::Policy: one inline policy for roles."""

    type = "AWS::IAM::Policy"
    immutable = frozenset({"PolicyName"})
    properties = frozenset({"PolicyDocument", "PolicyName", "Roles"})

    def create(self, making: Making, properties: Properties) -> None:
        """Put the policy in each role."""
        name = f"{making.stack_name[:5]}-{making.logical_id[:4]}-{random_letters()}"
        making.expect(name)
        self._put(making, properties)
        making.physical_id = name

    def _put(self, making: Making, properties: Properties) -> None:
        for role in properties.get("Roles", []):
            making.clients("iam").put_role_policy(
                RoleName=role,
                PolicyName=properties["PolicyName"],
                PolicyDocument=_text(properties["PolicyDocument"]),
            )

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Put the new policy; take it from the roles that are named no more."""
        self._put(making, new)
        for role in set(old.get("Roles", [])) - set(new.get("Roles", [])):
            making.clients("iam").delete_role_policy(RoleName=role, PolicyName=old["PolicyName"])

    def delete(self, making: Making, properties: Properties) -> None:
        """Take the policy from each role that is still there."""
        iam = making.clients("iam")
        for role in properties.get("Roles", []):
            try:
                iam.delete_role_policy(RoleName=role, PolicyName=properties["PolicyName"])
            except iam.exceptions.NoSuchEntityException:
                continue


@register
class ManagedPolicy(ResourceType):
    """AWS::IAM::ManagedPolicy."""

    type = "AWS::IAM::ManagedPolicy"
    attributes = ("PolicyArn",)
    named_by = "ManagedPolicyName"
    immutable = frozenset({"ManagedPolicyName", "Path", "Description"})
    properties = frozenset({"Description", "ManagedPolicyName", "Path", "PolicyDocument", "Roles"})

    def create(self, making: Making, properties: Properties) -> None:
        """Make the policy and attach it."""
        iam = making.clients("iam")
        name = properties.get("ManagedPolicyName") or making.name(128)
        making.expect(f"arn:aws:iam::{ACCOUNT}:policy{properties.get('Path', '/')}{name}")
        made = iam.create_policy(
            PolicyName=name,
            PolicyDocument=_text(properties["PolicyDocument"]),
            **only(properties, "Description", "Path"),
        )
        making.physical_id = made["Policy"]["Arn"]
        for role in properties.get("Roles", []):
            iam.attach_role_policy(RoleName=role, PolicyArn=making.physical_id)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Make a new default version; attach and detach."""
        iam, arn = making.clients("iam"), making.physical_id
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=_text(new["PolicyDocument"]), SetAsDefault=True
        )
        before, after = set(old.get("Roles", [])), set(new.get("Roles", []))
        for role in after - before:
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        for role in before - after:
            iam.detach_role_policy(RoleName=role, PolicyArn=arn)

    def delete(self, making: Making, properties: Properties) -> None:
        """Detach and delete the policy."""
        iam, arn = making.clients("iam"), making.physical_id
        for role in properties.get("Roles", []):
            try:
                iam.detach_role_policy(RoleName=role, PolicyArn=arn)
            except iam.exceptions.NoSuchEntityException:
                continue
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN."""
        return {"PolicyArn": making.physical_id}


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
