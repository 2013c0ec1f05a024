"""What is planned: a district's plan as validated layers. Headless; the data come from `geodata/<district>/`."""

from layers.audit import audit
from layers.catalog import district_folder, districts, load_plan
from layers.errors import Finding, Findings, PlanError
from layers.kinds import Kind, Name, Vocabulary, vocabulary
from layers.plan import Feature, Layer, Plan

__all__ = [
    "Feature",
    "Finding",
    "Findings",
    "Kind",
    "Layer",
    "Name",
    "Plan",
    "PlanError",
    "Vocabulary",
    "audit",
    "district_folder",
    "districts",
    "load_plan",
    "vocabulary",
]
