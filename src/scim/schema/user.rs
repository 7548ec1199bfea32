//! The core User (RFC 7643 §4.1). `password` stands apart: it is taken and thrown away.

use super::attribute::{Attribute, Type};

const NAME: &[Attribute] = &[
    Attribute::text("formatted", "The full name, ready to be shown."),
    Attribute::text("familyName", "The family name."),
    Attribute::text("givenName", "The given name."),
    Attribute::text("middleName", "The middle names."),
    Attribute::text("honorificPrefix", "A title before the name, such as Dr."),
    Attribute::text("honorificSuffix", "What follows the name, such as III."),
];

const DISPLAY: Attribute = Attribute::text("display", "The value, ready to be shown.");
const LABEL: Attribute = Attribute::text("type", "What the value is used for.");
const PRIMARY: Attribute = Attribute::of(Type::Boolean, "primary", "Whether this value is preferred; at most one is.");

const EMAIL: &[Attribute] =
    &[Attribute::text("value", "The address."), DISPLAY, LABEL.values(&["work", "home", "other"]), PRIMARY];

const PHONE: &[Attribute] = &[
    Attribute::text("value", "The number."),
    DISPLAY,
    LABEL.values(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const IM: &[Attribute] = &[
    Attribute::text("value", "The address."),
    DISPLAY,
    LABEL.values(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

const PHOTO: &[Attribute] = &[
    Attribute::reference("value", "Where the picture is.", &["external"]),
    DISPLAY,
    LABEL.values(&["photo", "thumbnail"]),
    PRIMARY,
];

const ADDRESS: &[Attribute] = &[
    Attribute::text("formatted", "The whole address, ready to be shown."),
    Attribute::text("streetAddress", "Street, house, flat."),
    Attribute::text("locality", "City or locality."),
    Attribute::text("region", "State or region."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "The country, as in ISO 3166-1 alpha-2."),
    LABEL.values(&["work", "home", "other"]),
    PRIMARY,
];

const LABELLED: &[Attribute] = &[Attribute::text("value", "The value."), DISPLAY, LABEL, PRIMARY];

const CERTIFICATE: &[Attribute] =
    &[Attribute::of(Type::Binary, "value", "The certificate, DER in base64.").exact(), DISPLAY, LABEL, PRIMARY];

const MEMBERSHIP: &[Attribute] = &[
    Attribute::text("value", "The group's id.").exact().read_only(),
    Attribute::reference("$ref", "Where the group is.", &["Group"]).read_only(),
    Attribute::text("display", "The group's name.").read_only(),
    Attribute::text("type", "Whether the user is in the group itself.").values(&["direct", "indirect"]).read_only(),
];

/// The attributes of a User.
pub const USER: &[Attribute] = &[
    Attribute::text("userName", "The name by which the provider knows the user.").required().unique(),
    Attribute::complex("name", "The parts of the user's name.", NAME),
    Attribute::text("displayName", "The name of the user, ready to be shown."),
    Attribute::text("nickName", "The casual way to address the user."),
    Attribute::reference("profileUrl", "A page about the user.", &["external"]),
    Attribute::text("title", "The user's title, such as Vice President."),
    Attribute::text("userType", "The relation to the organization, such as Employee or Contractor."),
    Attribute::text("preferredLanguage", "The user's language, as in an Accept-Language header."),
    Attribute::text("locale", "The user's locale, as in RFC 5646."),
    Attribute::text("timezone", "The user's time zone, as in the Olson database."),
    Attribute::of(Type::Boolean, "active", "Whether the user may sign in."),
    Attribute::list("emails", "The user's e-mail addresses.", EMAIL),
    Attribute::list("phoneNumbers", "The user's telephone numbers.", PHONE),
    Attribute::list("ims", "The user's instant messaging addresses.", IM),
    Attribute::list("photos", "Pictures of the user.", PHOTO),
    Attribute::list("addresses", "The user's postal addresses.", ADDRESS),
    Attribute::list("groups", "The groups that the user is in; changed by changing the groups.", MEMBERSHIP)
        .read_only(),
    Attribute::list("entitlements", "Things that the user is entitled to.", LABELLED),
    Attribute::list("roles", "The user's roles as the provider sees them; mapping rules may read them.", LABELLED),
    Attribute::list("x509Certificates", "The user's certificates.", CERTIFICATE),
];

/// What `/Schemas` offers and nothing keeps. Canaille creates nobody where the schema has no `password`, and sends the hash of
/// theirs; Okta makes one up. RFC 7643 §4.1.1: it is returned "never".
pub const DISCARDED: &[Attribute] = &[Attribute::text(
    "password",
    "Taken from providers that send one, and thrown away: people sign in at their provider. The strict dialect refuses it.",
)
.exact()
.secret()];

const MANAGER: &[Attribute] = &[
    Attribute::text("value", "The id of the manager.").exact(),
    Attribute::reference("$ref", "Where the manager is.", &["User"]),
    Attribute::text("displayName", "The manager's name.").read_only(),
];

/// The enterprise extension of a User (RFC 7643 §4.3).
pub const ENTERPRISE: &[Attribute] = &[
    Attribute::text("employeeNumber", "The number or letters by which the employer knows the user."),
    Attribute::text("costCenter", "The cost centre."),
    Attribute::text("organization", "The organization."),
    Attribute::text("division", "The division."),
    Attribute::text("department", "The department."),
    Attribute::complex("manager", "The user's manager.", MANAGER),
];
