"""Projects, their environments and who may enter them."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from crypto import CannotOpenError, Keyring, MasterKeyError, SealingKey
from models.base import Base, new_id

DEFAULT_ENVIRONMENTS = ("development", "staging", "production")

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_PATH_PART = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PATH_LENGTH = 255


class Project(Base):
    """A team's or product's secrets, strategies and connections. `data_key` is sealed by the master key."""

    __tablename__ = "projects"
    __table_args__ = (CheckConstraint("length(data_key) > 0", name="data_key_not_empty"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    data_key: Mapped[bytes]
    created_at: Mapped[datetime]
    max_key_age_s: Mapped[int | None]
    """No key of the project's is to get older than this; NULL for no limit."""
    lends_own: Mapped[bool] = mapped_column(default=False)
    """Whether the project's connections may use the machine's own AWS credentials."""

    environments: Mapped[list[Environment]] = relationship(
        back_populates="project", order_by="Environment.position", passive_deletes=True
    )

    @property
    def external_id(self) -> str:
        """The external ID by which the project's connections assume roles: no other project's do by the same.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html: so nobody chooses it. It is no secret.
        """
        return f"keyturn-{self.id}"

    def sealing_key(self, keyring: Keyring) -> SealingKey:
        """The key that seals this project's values. Raises crypto.CannotOpenError with the wrong master key."""
        return keyring.data_key(self.id, self.data_key)


class Environment(Base):
    """Where secrets of one stage live: `production`, say."""

    __tablename__ = "environments"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]

    project: Mapped[Project] = relationship(back_populates="environments")


class ProjectMember(Base):
    """A person's right to enter a project; administrators enter all."""

    __tablename__ = "project_members"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


def create_project(session: Session, keyring: Keyring, name: str, now: datetime) -> Project:
    """Add a project with its data key and the default environments. The name must be right (`name_problem`)."""
    project_id = new_id()
    project = Project(id=project_id, name=name, data_key=keyring.new_data_key(project_id), created_at=now)
    project.environments = [
        Environment(name=environment, position=position) for position, environment in enumerate(DEFAULT_ENVIRONMENTS)
    ]
    session.add(project)
    return project


def check_master_key(session: Session, keyring: Keyring) -> None:
    """See to it that the master key is the one that the stored values were sealed under.

    Raises crypto.MasterKeyError when it isn't: better at the start than at the first read.
    """
    project = session.scalar(select(Project).limit(1))
    if project is None:
        return
    try:
        project.sealing_key(keyring)
    except CannotOpenError:
        raise MasterKeyError(
            "The master key isn't the one that this database was written under. Put the right one back: "
            "instance/master.key, KEYTURN_MASTER_KEY or the file that KEYTURN_MASTER_KEY_FILE names."
        ) from None


def add_environment(session: Session, project: Project, name: str) -> Environment:
    """Add an environment after the others. The name must be right and free."""
    last = session.scalar(select(func.max(Environment.position)).where(Environment.project_id == project.id))
    environment = Environment(project_id=project.id, name=name, position=0 if last is None else last + 1)
    session.add(environment)
    return environment


def name_problem(name: str) -> str | None:
    """Why `name` can't name a project, environment or connection, in a sentence; None when it can."""
    if _NAME.fullmatch(name):
        return None
    return "Use 1 to 64 lower-case letters, digits and hyphens, such as billing-api; no hyphen at either end."


def normal_path(text: str) -> str:
    """The path that `text` means: `/` or `/a/b`, without a slash at its end.

    Raises ValueError with a sentence that says what would be right.
    """
    parts = [part for part in text.strip().split("/") if part]
    path = "/" + "/".join(parts)
    if len(path) > _PATH_LENGTH:
        raise ValueError(f"Use at most {_PATH_LENGTH} characters.")
    if any(part in {".", ".."} or not _PATH_PART.fullmatch(part) for part in parts):
        raise ValueError("Use letters, digits, dots, hyphens and underscores between slashes, such as /billing/api.")
    return path


def reaches(base: str, path: str, *, below: bool) -> bool:
    """Whether `path` is `base`, or with `below` lies below it; both as `normal_path` gives them."""
    return path == base or (below and path.startswith(base.rstrip("/") + "/"))
