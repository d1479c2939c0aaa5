"""The GraphQL interface: types, permissions and the committed SDL."""
