package api

import (
	"context"
	"net/http"
	"net/url"
)

// A Grant gives a role on the lines of some groups, or on all.
type Grant struct {
	Role   string   `json:"role" maxLength:"40" doc:"administrator, technician, supervisor, agent, reviewer"`
	Groups []string `json:"groups" required:"false" nullable:"false" maxItems:"64" doc:"Line groups that it holds for; none: every line"`
	More   []string `json:"more" required:"false" nullable:"false" maxItems:"64" doc:"Rights that the role has not, and this person has"`
	Less   []string `json:"less" required:"false" nullable:"false" maxItems:"64" doc:"Rights that the role has, and this person has not"`
}

// A User is an account.
type User struct {
	ID          string  `json:"id" doc:"Opaque name of the account"`
	Name        string  `json:"name" doc:"What is entered at log-in, and stands in the audit log"`
	Display     string  `json:"display,omitempty" doc:"Name for people"`
	Language    string  `json:"language,omitempty" doc:"en or zh; absent: the site's"`
	Enabled     bool    `json:"enabled" doc:"False: nobody comes in with it"`
	Grants      []Grant `json:"grants" nullable:"false" doc:"What it may do, and where"`
	MustChange  bool    `json:"must_change" doc:"A new password has to be chosen at the next log-in"`
	TOTP        bool    `json:"totp" doc:"It has a second factor"`
	Recovery    int     `json:"recovery" doc:"Codes for recovery that are left"`
	Created     Time    `json:"created" doc:"When it was made"`
	PasswordSet Time    `json:"password_set" doc:"When its password was set"`
	LastLogin   *Time   `json:"last_login,omitempty" doc:"When somebody came in with it last"`
	LastAddress string  `json:"last_address,omitempty" doc:"… and from where"`
	LockedUntil *Time   `json:"locked_until,omitempty" doc:"It is locked for some addresses until then: too many wrong log-ins"`
	Sessions    int     `json:"sessions" doc:"Sessions that are open"`
	Tokens      int     `json:"tokens" doc:"Tokens of the API"`
	Me          bool    `json:"me" doc:"It is the caller's own"`
}

// UserWish is what an account is to be.
type UserWish struct {
	Name     string  `json:"name" minLength:"1" maxLength:"64" doc:"What is entered at log-in: letters, digits, and . _ - @"`
	Display  string  `json:"display,omitempty" maxLength:"200" doc:"Name for people"`
	Language string  `json:"language,omitempty" enum:",en,zh" doc:"en or zh; absent: the site's"`
	Enabled  *bool   `json:"enabled,omitempty" doc:"Absent: it is"`
	Grants   []Grant `json:"grants" nullable:"false" maxItems:"64" doc:"What it may do, and where"`
}

// NewUser is the body of a request to make an account.
type NewUser struct {
	UserWish
	Password   string `json:"password,omitempty" maxLength:"256" doc:"Absent: one is made, and told in the answer"`
	MustChange *bool  `json:"must_change,omitempty" doc:"A new password has to be chosen at the first log-in; absent: yes"`
}

// ResetPassword is the body of a request to give an account another password.
type ResetPassword struct {
	Password   string `json:"password,omitempty" maxLength:"256" doc:"Absent: one is made, and told in the answer"`
	MustChange *bool  `json:"must_change,omitempty" doc:"A new one has to be chosen at the next log-in; absent: yes"`
}

// UserMade is an account with the password that was made for it.
type UserMade struct {
	User     User   `json:"user" doc:"The account"`
	Password string `json:"password,omitempty" doc:"The password that was made: it is told this once"`
}

// Credentials are what somebody enters to come in.
type Credentials struct {
	Name     string `json:"name" maxLength:"256" doc:"Name of the account"`
	Password string `json:"password" maxLength:"1024" doc:"Its password"`
	Code     string `json:"code,omitempty" maxLength:"64" doc:"Code of the second factor, or one for recovery"`
}

// Confirmation is a password given again.
type Confirmation struct {
	Password string `json:"password" maxLength:"1024" doc:"Password of the caller's account"`
	Code     string `json:"code,omitempty" maxLength:"64" doc:"Code of the second factor, where there is one"`
}

// OwnAccount is what people say of themselves.
type OwnAccount struct {
	Display  string `json:"display,omitempty" maxLength:"200" doc:"Name for people"`
	Language string `json:"language,omitempty" enum:",en,zh" doc:"en or zh; absent: the site's"`
}

// NewPassword changes one's own password.
type NewPassword struct {
	Old string `json:"old,omitempty" maxLength:"1024" doc:"The password so far; not asked of who came with a link"`
	New string `json:"new" maxLength:"1024" doc:"The new one"`
}

// TOTPStart is a second factor that is being set up.
type TOTPStart struct {
	Secret string `json:"secret" doc:"For apps that take no picture: base32"`
	URI    string `json:"uri" doc:"otpauth address, what the picture shows"`
	QR     string `json:"qr" doc:"QR code: a PNG as data address"`
}

// TOTPCode is a code of an app.
type TOTPCode struct {
	Code string `json:"code" maxLength:"64" doc:"What the app shows now"`
}

// RecoveryCodes stand in for a lost telephone, each once. They are told this once.
type RecoveryCodes struct {
	Codes []string `json:"codes" nullable:"false" doc:"To be kept where the telephone is not"`
}

// A Session is one that is open.
type Session struct {
	ID      string `json:"id" doc:"For ending it"`
	Name    string `json:"name" doc:"Whose it is"`
	Kind    string `json:"kind" doc:"How they came in: user, link, setup"`
	Created Time   `json:"created" doc:"When they did"`
	Seen    Time   `json:"seen" doc:"When it was used last"`
	Until   Time   `json:"until" doc:"It ends then at the latest"`
	Address string `json:"address,omitempty" doc:"Where it was opened"`
	Agent   string `json:"agent,omitempty" doc:"What the browser calls itself"`
	Current bool   `json:"current" doc:"It is the one that asks"`
}

// A Token lets a program in.
type Token struct {
	ID      string   `json:"id" doc:"For revoking it"`
	Name    string   `json:"name" doc:"What it is called; the audit log says OWNER/NAME"`
	Owner   string   `json:"owner,omitempty" doc:"Whose rights it has a part of; absent: the machine's administrator's"`
	By      string   `json:"by" doc:"Who made it"`
	Verbs   []string `json:"verbs" nullable:"false" doc:"What it may do, as far as its owner may"`
	Groups  []string `json:"groups" nullable:"false" doc:"Line groups that it is limited to; none: as its owner"`
	Created Time     `json:"created" doc:"When it was made"`
	Expires *Time    `json:"expires,omitempty" doc:"When it ends; absent: never"`
	Used    *Time    `json:"used,omitempty" doc:"When it was used last, within a minute"`
	Address string   `json:"address,omitempty" doc:"… and from where"`
}

// TokenWish is the body of a request to make a token.
type TokenWish struct {
	Name    string   `json:"name" minLength:"1" maxLength:"64" doc:"What to call it: letters, digits, and . _ - @"`
	Verbs   []string `json:"verbs,omitempty" nullable:"false" maxItems:"64" doc:"What it may do; none: all that the caller may, but for managing accounts and erasing"`
	Groups  []string `json:"groups,omitempty" nullable:"false" maxItems:"64" doc:"Line groups to limit it to; none: as the caller"`
	Expires *Time    `json:"expires,omitempty" doc:"When it is to end; absent: never"`
}

// TokenMade is a token with its secret.
type TokenMade struct {
	Token  Token  `json:"token" doc:"The token"`
	Secret string `json:"secret" doc:"What a program sends as Authorization: Bearer; it is told this once"`
}

// LoginLinkWish is the body of a request for a link that opens a session.
type LoginLinkWish struct {
	User string `json:"user,omitempty" maxLength:"64" doc:"Account to come in with; absent: an administrator without account"`
}

// A LoginLink opens a session, once.
type LoginLink struct {
	Link  string `json:"link" doc:"Address; without host where no page is served"`
	Until Time   `json:"until" doc:"It holds until then"`
}

// A RoleRow says what a role may do.
type RoleRow struct {
	Role  string   `json:"role" doc:"Name of the role"`
	Verbs []string `json:"verbs" nullable:"false" doc:"What it may do"`
}

// A LineGroup is a group of lines that rights can be given on.
type LineGroup struct {
	Name  string `json:"name" doc:"Name of the group"`
	Lines []int  `json:"lines" nullable:"false" doc:"Its lines, as far as the caller sees them"`
}

// RoleTable is what there is to choose from when rights are given.
type RoleTable struct {
	Roles     []RoleRow   `json:"roles" nullable:"false" doc:"All roles"`
	Verbs     []string    `json:"verbs" nullable:"false" doc:"All rights"`
	Groups    []LineGroup `json:"groups" nullable:"false" doc:"Line groups with lines that the caller sees"`
	MinLength int         `json:"min_length" doc:"Characters that a new password needs"`
}

// Users lists the accounts.
func (c *Client) Users(ctx context.Context) (Page[User], error) {
	return ask[Page[User]](ctx, c, http.MethodGet, "/users", nil, nil)
}

// User asks for one account by ID or name.
func (c *Client) User(ctx context.Context, key string) (User, error) {
	return ask[User](ctx, c, http.MethodGet, "/users/"+url.PathEscape(key), nil, nil)
}

// CreateUser makes an account.
func (c *Client) CreateUser(ctx context.Context, n NewUser) (UserMade, error) {
	return ask[UserMade](ctx, c, http.MethodPost, "/users", nil, n)
}

// ChangeUser changes an account.
func (c *Client) ChangeUser(ctx context.Context, key string, w UserWish) (User, error) {
	return ask[User](ctx, c, http.MethodPut, "/users/"+url.PathEscape(key), nil, w)
}

// RemoveUser removes an account.
func (c *Client) RemoveUser(ctx context.Context, key string) error {
	return c.call(ctx, http.MethodDelete, "/users/"+url.PathEscape(key), nil, nil, nil)
}

// ResetPassword gives an account another password.
func (c *Client) ResetPassword(ctx context.Context, key string, r ResetPassword) (UserMade, error) {
	return ask[UserMade](ctx, c, http.MethodPost, "/users/"+url.PathEscape(key)+"/password", nil, r)
}

// UnlockUser takes away all locks on an account.
func (c *Client) UnlockUser(ctx context.Context, key string) (User, error) {
	return ask[User](ctx, c, http.MethodPost, "/users/"+url.PathEscape(key)+"/unlock", nil, nil)
}

// RemoveTOTP takes away the second factor of an account.
func (c *Client) RemoveTOTP(ctx context.Context, key string) (User, error) {
	return ask[User](ctx, c, http.MethodDelete, "/users/"+url.PathEscape(key)+"/totp", nil, nil)
}

// Sessions lists the sessions that are open.
func (c *Client) Sessions(ctx context.Context) (Page[Session], error) {
	return ask[Page[Session]](ctx, c, http.MethodGet, "/sessions", nil, nil)
}

// EndSession ends one.
func (c *Client) EndSession(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/sessions/"+url.PathEscape(id), nil, nil, nil)
}

// Tokens lists all tokens of the API.
func (c *Client) Tokens(ctx context.Context) (Page[Token], error) {
	return ask[Page[Token]](ctx, c, http.MethodGet, "/tokens", nil, nil)
}

// CreateToken makes a token of the caller's.
func (c *Client) CreateToken(ctx context.Context, w TokenWish) (TokenMade, error) {
	return ask[TokenMade](ctx, c, http.MethodPost, "/account/tokens", nil, w)
}

// RevokeToken removes one.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/tokens/"+url.PathEscape(id), nil, nil, nil)
}

// LoginLink makes a link that opens a session.
func (c *Client) LoginLink(ctx context.Context, user string) (LoginLink, error) {
	return ask[LoginLink](ctx, c, http.MethodPost, "/login-links", nil, LoginLinkWish{User: user})
}

// Roles asks what there is to choose from when rights are given.
func (c *Client) Roles(ctx context.Context) (RoleTable, error) {
	return ask[RoleTable](ctx, c, http.MethodGet, "/roles", nil, nil)
}
