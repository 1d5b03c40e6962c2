//! What the host holds: its classes, its records, and what platforms send in their own shape.

use serde_json::{Value, json};

stewardship::classes! {
    /// OAuth token that a seller granted us.
    pub PlatformToken: Restricted in "connected_platform" = "platform.token";
    pub ShopName: Internal in "connected_platform" = "platform.shop_name";
    pub CreatorHandle: Confidential in "creators" = "creator.handle";
    pub CreatorEmail: Confidential in "creators" = "creator.email";
    pub OrderNumber: Internal in "orders" = "order.number";
    pub BuyerName: Confidential in "orders" = "order.buyer_name";
    pub BuyerAddress: Confidential in "orders" = "order.buyer_address";
    pub OrderTotal: Internal in "orders" = "order.total";
    pub InvoiceNumber: Internal in "billing" = "invoice.number";
    pub PayerName: Confidential in "billing" = "invoice.payer_name";
    pub InvoiceAmount: Confidential in "billing" = "invoice.amount";
    pub MarketplaceInvoiceNumber: Internal in "marketplace_invoices" = "marketplace_invoice.number";
    pub MarketplaceBuyer: Confidential in "marketplace_invoices" = "marketplace_invoice.buyer_address";
}

stewardship::record! {
    /// A connected shop.
    pub struct Connection in "connected_platform" {
        pub token: String as PlatformToken, at = "/data/access_token";
        pub shop: String as ShopName, at = "/data/seller_name";
    }
}

stewardship::record! {
    /// A creator whom a seller works with.
    pub struct Creator in "creators" {
        pub handle: String as CreatorHandle, at = "/data/creator/username";
        pub email: String as CreatorEmail, find_by, at = "/data/creator/contact_email";
    }
}

stewardship::record! {
    /// Who an order goes to. Part of an order: each of its fields is sealed on its own there.
    pub struct Recipient in "orders" {
        pub name: String as BuyerName;
        pub address: String as BuyerAddress, at = "/full_address";
    }
}

stewardship::record! {
    /// An order.
    pub struct Order in "orders" {
        pub number: String as OrderNumber, at = "/data/order/id";
        pub recipient: Recipient, at = "/data/order/recipient_address";
        pub total: String as OrderTotal, at = "/data/order/payment/total_amount";
    }
}

stewardship::record! {
    /// One of our own invoices, which tax law keeps.
    pub struct Invoice in "billing" {
        pub number: String as InvoiceNumber;
        pub payer: String as PayerName;
        pub amount: String as InvoiceAmount;
    }
}

stewardship::record! {
    /// The invoice of an order that came through a marketplace.
    pub struct MarketplaceInvoice in "marketplace_invoices" {
        pub number: String as MarketplaceInvoiceNumber;
        pub buyer: String as MarketplaceBuyer;
    }
}

/// Texts that must be found in no file: each is in a payload below or is put by the story.
pub const SECRETS: &[&str] = &[
    "TTP_9f3c1a77e2",
    "ada@creators.example",
    "@ada.makes",
    "Grace Hopper",
    "12 Compiler Street",
    "1994-05-01",
    "+44 20 7946 0000",
    "Ada Larsen",
];

/// The answer of TikTok Shop's token endpoint.
pub fn tiktok_token() -> Value {
    json!({ "code": 0, "message": "success", "request_id": "2026112200", "data": {
        "access_token": "TTP_9f3c1a77e2", "access_token_expire_in": 1764000000,
        "refresh_token": "TTR_unneeded", "open_id": "7010736057180325637",
        "seller_name": "Lantern & Loom", "seller_base_region": "GB", "user_type": 0,
    }})
}

/// An order as TikTok Shop returns it, with much that nobody asked for.
pub fn tiktok_order() -> Value {
    json!({ "code": 0, "data": { "order": {
        "id": "576461413038785752", "status": "DELIVERED",
        "recipient_address": { "name": "Grace Hopper", "full_address": "12 Compiler Street, Arlington",
            "phone_number": "+44 20 7946 0000", "postal_code": "22201" },
        "payment": { "total_amount": "48.20", "currency": "GBP" },
        "buyer_message": "please leave at the door",
    }}})
}

/// A creator as TikTok Shop returns it.
pub fn tiktok_creator() -> Value {
    json!({ "data": { "creator": {
        "username": "@ada.makes", "contact_email": "ada@creators.example",
        "birth_date": "1994-05-01", "follower_count": 18200, "avatar_url": "https://tiktok.example/a.png",
    }}})
}
