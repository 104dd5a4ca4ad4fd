"""The first schema."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", models.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(data_key) > 0", name=op.f("ck_projects_data_key_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("theme", sa.String(length=5), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("disabled_at", models.base.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=True),
        sa.Column("project_name", sa.String(length=64), nullable=False),
        sa.Column("thing", sa.String(length=512), nullable=False),
        sa.Column("strategy_id", sa.Integer(), nullable=True),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("secret_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_audit_entries_actor_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_audit_entries_project_id_projects"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entries_at", ["at", "id"], unique=False)
        batch_op.create_index("ix_audit_entries_project_at", ["project_id", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_secret_id"), ["secret_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_strategy_id"), ["strategy_id"], unique=False)

    op.create_table(
        "connections",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("access_key_id", sa.String(length=128), nullable=False),
        sa.Column("secret_access_key", sa.LargeBinary(), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=12), nullable=False),
        sa.Column("manager", sa.String(length=640), nullable=False),
        sa.Column("verify_rounds", sa.Integer(), nullable=False),
        sa.Column("verify_gap_s", sa.Integer(), nullable=False),
        sa.Column("verify_services", sa.JSON(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("key_since", models.base.UtcDateTime(), nullable=True),
        sa.Column("key_by", sa.String(length=64), nullable=False),
        sa.Column("checked_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("check", sa.JSON(), nullable=False),
        sa.CheckConstraint("length(secret_access_key) > 0", name=op.f("ck_connections_secret_access_key_not_empty")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_connections_project_id_projects"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_connections_project_id_name")),
    )
    op.create_table(
        "environments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_environments_project_id_projects"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environments")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_environments_project_id_name")),
    )
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("expires_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("used_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("project_ids", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_one_time_links_created_by_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_links_token_hash")),
    )
    op.create_table(
        "project_members",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_project_members_project_id_projects"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_project_members_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_project_members")),
    )
    with op.batch_alter_table("project_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_members_user_id"), ["user_id"], unique=False)

    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("seen_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("password_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("ended_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("browser", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_sessions_token_hash")),
    )
    with op.batch_alter_table("user_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "secrets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("updated_at", models.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=op.f("fk_secrets_environment_id_environments"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_secrets_project_id_projects"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secrets")),
        sa.UniqueConstraint("environment_id", "path", "name", name=op.f("uq_secrets_environment_id_path_name")),
    )
    with op.batch_alter_table("secrets", schema=None) as batch_op:
        batch_op.create_index("ix_secrets_project_id", ["project_id"], unique=False)

    op.create_table(
        "rotation_strategies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("user_path", sa.String(length=512), nullable=False),
        sa.Column("account_id", sa.String(length=12), nullable=True),
        sa.Column("target", sa.String(length=80), nullable=True),
        sa.Column("access_key_secret_id", sa.Integer(), nullable=True),
        sa.Column("secret_key_secret_id", sa.Integer(), nullable=True),
        sa.Column("existing_key_id", sa.String(length=128), nullable=False),
        sa.Column("interval_s", sa.Integer(), nullable=True),
        sa.Column("grace_s", sa.Integer(), nullable=False),
        sa.Column("retire_when", sa.String(length=8), nullable=False),
        sa.Column("quiet_s", sa.Integer(), nullable=False),
        sa.Column("due_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("retry_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("paused_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("paused_by", sa.String(length=64), nullable=False),
        sa.Column("deleting_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "access_key_secret_id <> secret_key_secret_id", name=op.f("ck_rotation_strategies_two_secrets")
        ),
        sa.CheckConstraint(
            "interval_s IS NULL OR interval_s > 0", name=op.f("ck_rotation_strategies_interval_positive")
        ),
        sa.ForeignKeyConstraint(
            ["access_key_secret_id"],
            ["secrets.id"],
            name=op.f("fk_rotation_strategies_access_key_secret_id_secrets"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_rotation_strategies_connection_id_connections"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_rotation_strategies_project_id_projects"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["secret_key_secret_id"],
            ["secrets.id"],
            name=op.f("fk_rotation_strategies_secret_key_secret_id_secrets"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_strategies")),
        sa.UniqueConstraint("access_key_secret_id", name=op.f("uq_rotation_strategies_access_key_secret_id")),
        sa.UniqueConstraint("secret_key_secret_id", name=op.f("uq_rotation_strategies_secret_key_secret_id")),
        sa.UniqueConstraint("target", name=op.f("uq_rotation_strategies_target")),
    )
    with op.batch_alter_table("rotation_strategies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rotation_strategies_connection_id"), ["connection_id"], unique=False)
        batch_op.create_index("ix_rotation_strategies_due_at", ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_rotation_strategies_project_id"), ["project_id"], unique=False)
        batch_op.create_index("ix_rotation_strategies_retry_at", ["retry_at"], unique=False)

    op.create_table(
        "secret_versions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("secret_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("rotation_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(value) > 0", name=op.f("ck_secret_versions_value_not_empty")),
        sa.ForeignKeyConstraint(
            ["secret_id"], ["secrets.id"], name=op.f("fk_secret_versions_secret_id_secrets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret_versions")),
        sa.UniqueConstraint("secret_id", "number", name=op.f("uq_secret_versions_secret_id_number")),
    )
    with op.batch_alter_table("secret_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_secret_versions_rotation_id"), ["rotation_id"], unique=False)

    op.create_table(
        "access_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("strategy_id", sa.Integer(), nullable=False),
        sa.Column("rotation_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=11), nullable=False),
        sa.Column("access_key_id", sa.String(length=128), nullable=True),
        sa.Column("secret_access_key", sa.LargeBinary(), nullable=True),
        sa.Column("known_before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("intent_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("published_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("replaced_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("retire_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("look_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("quiet_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("last_used_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("last_used_service", sa.String(length=64), nullable=False),
        sa.Column("last_used_region", sa.String(length=32), nullable=False),
        sa.Column("asked_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("deactivated_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("deleted_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=False),
        sa.Column("error_code", sa.String(length=32), nullable=False),
        sa.Column("error_facts", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "access_key_id IS NOT NULL OR state IN ('pending', 'lost', 'deleted')", name=op.f("ck_access_keys_known")
        ),
        sa.CheckConstraint(
            "secret_access_key IS NULL OR length(secret_access_key) > 0", name=op.f("ck_access_keys_secret_not_empty")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_access_keys_project_id_projects"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["rotation_strategies.id"],
            name=op.f("fk_access_keys_strategy_id_rotation_strategies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_keys")),
    )
    with op.batch_alter_table("access_keys", schema=None) as batch_op:
        batch_op.create_index("ix_access_keys_look_at", ["look_at"], unique=False)
        batch_op.create_index(
            "ix_access_keys_not_deleted",
            ["project_id", "strategy_id"],
            unique=False,
            sqlite_where=sa.text("state <> 'deleted'"),
            postgresql_where=sa.text("state <> 'deleted'"),
        )
        batch_op.create_index("ix_access_keys_strategy_id", ["strategy_id", "intent_at"], unique=False)
        batch_op.create_index(
            "uq_access_keys_active",
            ["strategy_id"],
            unique=True,
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )

    op.create_table(
        "rotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("strategy_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("trigger", sa.String(length=8), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("due_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("end_old_key", sa.Boolean(), nullable=False),
        sa.Column("started_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("ended_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=128), nullable=False),
        sa.Column("lease_until", models.base.UtcDateTime(), nullable=True),
        sa.Column("wait_until", models.base.UtcDateTime(), nullable=True),
        sa.Column("wait_code", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("listed_keys", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("good_rounds", sa.Integer(), nullable=False),
        sa.Column("verify_until", models.base.UtcDateTime(), nullable=True),
        sa.Column("access_key_id", sa.String(length=32), nullable=True),
        sa.Column("error_code", sa.String(length=32), nullable=False),
        sa.Column("error_facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_rotations_project_id_projects"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["rotation_strategies.id"],
            name=op.f("fk_rotations_strategy_id_rotation_strategies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotations")),
        sa.UniqueConstraint("strategy_id", "due_at", name=op.f("uq_rotations_strategy_id_due_at")),
    )
    with op.batch_alter_table("rotations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_rotations_open_project",
            ["project_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_rotations_strategy_id", ["strategy_id", "id"], unique=False)
        batch_op.create_index(
            "uq_rotations_open",
            ["strategy_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "rotation_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rotation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=12), nullable=False),
        sa.Column("started_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("ended_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.String(length=500), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rotation_id"], ["rotations.id"], name=op.f("fk_rotation_steps_rotation_id_rotations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_steps")),
        sa.UniqueConstraint("rotation_id", "name", name=op.f("uq_rotation_steps_rotation_id_name")),
    )


def downgrade() -> None:
    op.drop_table("rotation_steps")
    with op.batch_alter_table("rotations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_rotations_open", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index("ix_rotations_strategy_id")
        batch_op.drop_index(
            "ix_rotations_open_project",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("rotations")
    with op.batch_alter_table("access_keys", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_access_keys_active",
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )
        batch_op.drop_index("ix_access_keys_strategy_id")
        batch_op.drop_index(
            "ix_access_keys_not_deleted",
            sqlite_where=sa.text("state <> 'deleted'"),
            postgresql_where=sa.text("state <> 'deleted'"),
        )
        batch_op.drop_index("ix_access_keys_look_at")

    op.drop_table("access_keys")
    with op.batch_alter_table("secret_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_secret_versions_rotation_id"))

    op.drop_table("secret_versions")
    with op.batch_alter_table("rotation_strategies", schema=None) as batch_op:
        batch_op.drop_index("ix_rotation_strategies_retry_at")
        batch_op.drop_index(batch_op.f("ix_rotation_strategies_project_id"))
        batch_op.drop_index("ix_rotation_strategies_due_at")
        batch_op.drop_index(batch_op.f("ix_rotation_strategies_connection_id"))

    op.drop_table("rotation_strategies")
    with op.batch_alter_table("secrets", schema=None) as batch_op:
        batch_op.drop_index("ix_secrets_project_id")

    op.drop_table("secrets")
    with op.batch_alter_table("user_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_sessions_user_id"))

    op.drop_table("user_sessions")
    with op.batch_alter_table("project_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_members_user_id"))

    op.drop_table("project_members")
    op.drop_table("one_time_links")
    op.drop_table("environments")
    op.drop_table("connections")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_strategy_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_secret_id"))
        batch_op.drop_index("ix_audit_entries_project_at")
        batch_op.drop_index("ix_audit_entries_at")

    op.drop_table("audit_entries")
    op.drop_table("users")
    op.drop_table("projects")
    op.drop_table("heartbeats")
