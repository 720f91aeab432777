"""Creating, updating and deleting a stack: one resource after the other, with events, and back.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

import copy
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from helpers.local_aws.cloudformation.evaluation import Evaluation
from helpers.local_aws.cloudformation.resources import (
    TYPES,
    Properties,
    failure_reason,
    is_gone,
)
from helpers.local_aws.cloudformation.stack import Resource, Stack
from helpers.local_aws.cloudformation.template import creation_order
from helpers.local_aws.json_protocol import ServiceError

log = logging.getLogger(__name__)


class ResourceFailure(Exception):
    """A resource could not be made, changed or deleted; its event says why."""

    def __init__(self, logical_id: str) -> None:
        super().__init__(logical_id)
        self.logical_id = logical_id


class Lifecycle:
    """Carries out what was asked of one stack."""

    def __init__(
        self, stack: Stack, clients: Callable[..., Any], imported: Callable[[str], str]
    ) -> None:
        self._stack = stack
        self._clients = clients
        self._imported = imported

    def create(self, on_failure: str) -> None:
        """Make every resource; on failure "ROLLBACK", "DELETE" or "DO_NOTHING"."""
        stack = self._stack
        try:
            self._make_all()
            self._set_outputs()
        except ResourceFailure as failure:
            reason = f"The following resource(s) failed to create: [{failure.logical_id}]. "
        except ServiceError as error:
            reason = f"{error.message} "
        else:
            stack.becomes("CREATE_COMPLETE")
            return
        if on_failure == "DO_NOTHING":
            stack.becomes("CREATE_FAILED", reason)
        elif on_failure == "DELETE":
            stack.becomes("DELETE_IN_PROGRESS", f"{reason}Delete requested by user.")
            self._finish_delete("DELETE")
        else:
            stack.becomes("ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
            self._finish_delete("ROLLBACK")

    def update(self, before: Stack) -> None:
        """Bring the stack from its state `before` to its present template; else go back."""
        stack = self._stack
        undo: list[tuple[str, Resource]] = []
        try:
            for name, properties in self._wanted():
                present = stack.resources.get(name)
                if present is not None and present.status == "CREATE_FAILED":
                    self._delete(present, tolerant=True)  # what an earlier change left half made
                    present = None
                if present is None:
                    self._make(name, properties)
                    undo.append(("made", stack.resources[name]))
                    continue
                same_type = present.type == stack.template["Resources"][name]["Type"]
                same = present.properties == properties and before.tags == stack.tags
                if same_type and same and not present.status.endswith("FAILED"):
                    self._keep_policy(present)
                    continue
                old = copy.deepcopy(present)
                if same_type and not TYPES[present.type].needs_replacement(
                    present.properties, properties
                ):
                    undo.append(("changed", old))
                    self._change(present, properties)
                else:
                    undo.append(("replaced", old))
                    stack.leftovers.append(old)
                    self._replace(present, properties)
            self._set_outputs()
        except (ResourceFailure, ServiceError) as failure:
            self._go_back(before, undo, failure)
            return
        declared = set(self._declared())
        gone = [one for name, one in stack.resources.items() if name not in declared]
        stack.becomes("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._delete_leftovers()
        for resource in reversed(gone):
            self._delete(resource, tolerant=True)
            stack.resources.pop(resource.logical_id, None)
        stack.becomes("UPDATE_COMPLETE")

    def delete(self, retain: set[str]) -> None:
        """Delete every resource, the last made first; what fails is told and the rest goes on."""
        self._finish_delete("DELETE", retain)

    def _finish_delete(self, word: str, retain: set[str] | None = None) -> None:
        """Delete what there is; end in `word`_COMPLETE or `word`_FAILED."""
        stack = self._stack
        failed = []
        self._delete_leftovers()
        for resource in reversed(list(stack.resources.values())):
            if resource.status in ("DELETE_COMPLETE", "DELETE_SKIPPED") or not resource.status:
                continue
            if resource.logical_id in (retain or ()):
                stack.resource_becomes(resource, "DELETE_SKIPPED")
                continue
            try:
                self._delete(resource)
            except ResourceFailure:
                failed.append(resource.logical_id)
        if failed:
            listed = ", ".join(failed)
            stack.becomes(
                f"{word}_FAILED", f"The following resource(s) failed to delete: [{listed}]. "
            )
            return
        stack.outputs = []
        stack.deleted = datetime.now(UTC) if word == "DELETE" else None
        stack.becomes(f"{word}_COMPLETE")

    def _make_all(self) -> None:
        for name, properties in self._wanted():
            self._make(name, properties)

    def _declared(self) -> list[str]:
        """Return the names of the resources whose condition holds, in order of creation."""
        stack, evaluation = self._stack, self._evaluation()
        resources = stack.template["Resources"]
        order = creation_order(resources, stack.template.get("Parameters") or {})
        return [
            name
            for name in order
            if "Condition" not in resources[name] or evaluation.holds(resources[name]["Condition"])
        ]

    def _wanted(self) -> Any:
        """Yield each resource to be with its properties, evaluated when its turn comes."""
        for name in self._declared():
            given = self._stack.template["Resources"][name].get("Properties") or {}
            yield name, self._evaluated(name, given)

    def _evaluated(self, name: str, given: Properties) -> Properties:
        try:
            return self._evaluation().value(given) or {}
        except ServiceError as error:
            resource = self._stack.resources.get(name) or self._new(name)
            self._stack.resources[name] = resource
            updating = self._stack.status.startswith("UPDATE")
            status = "UPDATE_FAILED" if updating and resource.physical_id else "CREATE_FAILED"
            self._stack.resource_becomes(resource, status, error.message)
            raise ResourceFailure(name) from None

    def _evaluation(self) -> Evaluation:
        return self._stack.evaluation(self._imported)

    def _new(self, name: str) -> Resource:
        declared = self._stack.template["Resources"][name]
        policy = declared.get("DeletionPolicy", "Delete")
        return Resource(name, declared["Type"], deletion_policy=policy)

    def _keep_policy(self, resource: Resource) -> None:
        declared = self._stack.template["Resources"][resource.logical_id]
        resource.deletion_policy = declared.get("DeletionPolicy", "Delete")

    def _make(self, name: str, properties: Properties) -> None:
        stack = self._stack
        resource = stack.resources[name] = self._new(name)
        stack.resource_becomes(resource, "CREATE_IN_PROGRESS")
        resource.properties = properties
        self._act("CREATE_FAILED", resource, lambda: self._create(resource))
        stack.resource_becomes(resource, "CREATE_COMPLETE")

    def _create(self, resource: Resource) -> None:
        kind = TYPES[resource.type]
        self._check_supported(resource, resource.properties)
        making = self._stack.making(resource, self._clients)
        try:
            kind.create(making, resource.properties)
        finally:
            resource.physical_id = making.physical_id
        self._stack.resource_becomes(resource, resource.status, "Resource creation Initiated")
        resource.attributes = kind.attribute_values(making, resource.properties)

    def _change(self, resource: Resource, properties: Properties) -> None:
        stack = self._stack
        stack.resource_becomes(resource, "UPDATE_IN_PROGRESS")
        self._act("UPDATE_FAILED", resource, lambda: self._update(resource, properties))
        self._keep_policy(resource)
        stack.resource_becomes(resource, "UPDATE_COMPLETE")

    def _update(self, resource: Resource, properties: Properties) -> None:
        kind = TYPES[resource.type]
        self._check_supported(resource, properties)
        making = self._stack.making(resource, self._clients)
        kind.update(making, resource.properties, properties)
        resource.properties = properties
        resource.attributes = kind.attribute_values(making, properties)

    def _replace(self, resource: Resource, properties: Properties) -> None:
        """Make a new physical resource in the place of the old, which is deleted at the end."""
        stack = self._stack
        new = self._new(resource.logical_id)
        new.properties = properties
        stack.resource_becomes(
            resource,
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; "
            "hence creating one.",
        )
        new.status = "UPDATE_IN_PROGRESS"
        kind = TYPES[new.type]
        name = kind.named_by and properties.get(kind.named_by)
        if name and name == resource.properties.get(kind.named_by):
            reason = (
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {name} and update the stack again."
            )
            stack.resource_becomes(resource, "UPDATE_FAILED", reason)
            raise ResourceFailure(resource.logical_id)
        stack.resources[resource.logical_id] = new
        self._act("UPDATE_FAILED", new, lambda: self._create(new))
        stack.resource_becomes(new, "UPDATE_COMPLETE")

    def _delete_leftovers(self) -> None:
        """Delete what updates have put others in the place of."""
        for resource in self._stack.leftovers:
            self._delete(resource, tolerant=True)
        self._stack.leftovers = []

    def _delete(self, resource: Resource, *, tolerant: bool = False) -> None:
        """Delete one resource; `tolerant`: a failure is told in the events, and no more."""
        stack = self._stack
        if resource.deletion_policy.startswith("Retain") and not stack.status.startswith("ROLL"):
            stack.resource_becomes(resource, "DELETE_SKIPPED")
            return
        stack.resource_becomes(resource, "DELETE_IN_PROGRESS")
        if resource.physical_id:
            making = stack.making(resource, self._clients)

            def delete() -> None:
                TYPES[resource.type].find(making, resource.properties)
                TYPES[resource.type].delete(making, resource.properties)

            try:
                self._act("DELETE_FAILED", resource, delete)
            except ResourceFailure:
                if not tolerant:
                    raise
                return
        stack.resource_becomes(resource, "DELETE_COMPLETE")

    def _act(self, failed: str, resource: Resource, action: Callable[[], None]) -> None:
        """Do `action`; turn what it raises into the event `failed` with its reason."""
        try:
            action()
        except Exception as error:
            if failed == "DELETE_FAILED" and is_gone(error):
                return
            reason = failure_reason(error, resource.type)
            if not reason:
                log.exception("%s of %s failed", failed, resource.logical_id)
                reason = type(error).__name__
            self._stack.resource_becomes(resource, failed, reason)
            raise ResourceFailure(resource.logical_id) from error

    def _check_supported(self, resource: Resource, properties: Properties) -> None:
        if ignored := TYPES[resource.type].unsupported(properties):
            raise ValueError(
                f"The embedded AWS cannot make the property {', '.join(ignored)} "
                f"of {resource.type}."
            )

    def _go_back(self, before: Stack, undo: list[tuple[str, Resource]], failure: Exception) -> None:
        """Undo what an update did, the last first, and give the stack its old template again."""
        stack = self._stack
        if isinstance(failure, ResourceFailure):
            failed = failure.logical_id
            reason = f"The following resource(s) failed to update: [{failed}]. "
            if failed not in before.resources:
                reason = f"The following resource(s) failed to create: [{failed}]. "
                undo.append(("made", stack.resources[failed]))
        else:
            reason = str(getattr(failure, "message", failure))
        stack.becomes("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        stack.template, stack.template_text = before.template, before.template_text
        stack.parameters, stack.tags = before.parameters, before.tags
        leftovers = stack.leftovers
        for how, old in reversed(undo):
            if how == "made":
                leftovers.append(old)
                stack.resources.pop(old.logical_id, None)
            elif how == "replaced":
                present = stack.resources[old.logical_id]
                leftovers.remove(old)
                if present.physical_id not in ("", old.physical_id):
                    leftovers.append(present)
                stack.resources[old.logical_id] = replace(old)
                stack.resource_becomes(stack.resources[old.logical_id], "UPDATE_COMPLETE")
            else:
                self._change_back(old)
        stack.becomes("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self._delete_leftovers()
        stack.becomes("UPDATE_ROLLBACK_COMPLETE")

    def _change_back(self, old: Resource) -> None:
        present = self._stack.resources[old.logical_id]
        self._stack.resource_becomes(present, "UPDATE_IN_PROGRESS")
        try:
            making = self._stack.making(present, self._clients)
            TYPES[present.type].update(making, present.properties, old.properties)
        except Exception as error:
            reason = failure_reason(error, present.type)
            log.warning("%s could not be changed back: %s", old.logical_id, reason)
        self._stack.resources[old.logical_id] = replace(old)
        self._stack.resource_becomes(self._stack.resources[old.logical_id], "UPDATE_COMPLETE")

    def _set_outputs(self) -> None:
        """Evaluate the outputs of the template."""
        stack, evaluation = self._stack, self._evaluation()
        outputs = []
        for name, about in (stack.template.get("Outputs") or {}).items():
            if "Condition" in about and not evaluation.holds(about["Condition"]):
                continue
            value = evaluation.value(about["Value"])
            output = {"OutputKey": name, "OutputValue": str(value)}
            if about.get("Description"):
                output["Description"] = about["Description"]
            if about.get("Export"):
                output["ExportName"] = str(evaluation.value(about["Export"]["Name"]))
            outputs.append(output)
        stack.outputs = outputs
