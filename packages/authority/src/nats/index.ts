export { type FeedLink, type NatsFeed, type NatsFeedOptions, openNatsFeed } from "./feed.js";
